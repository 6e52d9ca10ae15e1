"""What the engine names is what happens: the judge makes the change that a name tells and compares."""

from __future__ import annotations

import random
import re

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.integration.engine.judge import (
    Change,
    Read,
    agree,
    changed_by,
    coding_part,
    message,
    protein_by,
    read,
)
from tests.integration.engine.worlds import a_bundle, a_change

from gas_engine import Bundle
from gas_engine.bundle import Contig
from gas_engine.bundle.genes import Transcript
from gas_engine.consequence import annotate_allele
from gas_engine.model import TranscriptConsequence

CHANGES = 30


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**48))
def test_names_make_the_changed_genome_message_and_protein(seed: int) -> None:
    judge_world(seed)


def judge_world(seed: int) -> int:
    """Judge some changes in a made-up genome; the number of names and terms that were."""
    rng = random.Random(seed)
    bundle = a_bundle(rng)
    transcripts = {each.versioned_id: each for each in bundle.transcripts}
    judged = 0
    for _ in range(CHANGES):
        contig = rng.choice(bundle.contigs)
        record = a_change(rng, bundle.sequence(contig.name, 0, contig.length))
        if record[1] != record[2]:
            judged += judge(bundle, contig, transcripts, record)
    return judged


def judge(
    bundle: Bundle, contig: Contig, transcripts: dict[str, Transcript], record: tuple[int, str, str]
) -> int:
    pos, ref, alt = record
    bases = bundle.sequence(contig.name, 0, contig.length)
    start, removed, added = pos - 1, ref, alt
    while removed and added and removed[0] == added[0]:
        start, removed, added = start + 1, removed[1:], added[1:]
    while removed and added and removed[-1] == added[-1]:
        removed, added = removed[:-1], added[:-1]
    change = Change(start, start + len(removed), added)
    judged = 0
    for called in annotate_allele(bundle, contig, pos, ref, alt).consequences:
        where = f"{contig.name}:{pos}{ref}>{alt} {called.transcript_id} {called.terms}"
        judged += judge_genome(contig, bases, change, called.hgvs_g, where)
        transcript = transcripts.get(called.transcript_id)
        if transcript is not None:
            judged += judge_message(bases, transcript, change, called.hgvs_c, where)
            proteins = read(contig, bases, transcript, change)
            if proteins is not None:
                judged += judge_protein(proteins, called, len(added) - len(removed), where)
    return judged


def judge_genome(contig: Contig, bases: str, change: Change, told: str, where: str) -> int:
    start, end, alt = change
    changed = bases[:start] + alt + bases[end:]
    name = re.sub(r"^.*:[gm]\.", "", told)
    places = [int(place) for place in re.findall(r"\d+", name)]
    if contig.circular and places != sorted(places):
        return 0  # across the origin, where a string has its ends
    made = changed_by(name, bases, lambda place: int(place) - 1)
    same = made in changed + changed and len(made) == len(changed) if contig.circular else made == changed
    assert same, f"{where}: {told}"
    return 1


def judge_message(bases: str, transcript: Transcript, change: Change, told: str, where: str) -> int:
    name = told.partition(":")[2][2:]
    before, after = message(bases, transcript), message(bases, transcript, change)
    if before == after or not after or re.search(r"\d[-+]\d", name):
        return 0  # it lies not within an exon, or no message is left
    if any(b - a < len(change.alt) for a, b in transcript.introns):
        return 0  # what is inserted may repeat exon, whole intron and exon, if the intron is that short
    first, last = coding_part(transcript)

    def place(place: str) -> int:
        if place.startswith("*"):
            return last + int(place[1:]) - 1
        return first + int(place) - (not place.startswith("-"))

    assert changed_by(name, before, place) == after, f"{where}: {told}"
    return 1


def judge_protein(proteins: Read, called: TranscriptConsequence, growth: int, where: str) -> int:
    before, after, moved = proteins
    name = called.hgvs_p.rpartition(":")[2]
    told = f"{where}: {called.hgvs_p}, {before} became {after}"
    if "synonymous_variant" in called.terms:
        assert before == after, told
    if "missense_variant" in called.terms:
        assert growth == 0, told
        assert len(before) == len(after), told
    if "frameshift_variant" in called.terms:
        assert growth % 3, told
    if {"inframe_insertion", "inframe_deletion", "protein_altering_variant"} & set(called.terms):
        assert growth % 3 == 0, told
    if not name:
        return 0
    if name == "p.Met1=":
        # A model that does not begin with a start codon has none that could be kept.
        assert before in {after, moved} or not before.startswith("M"), told
        return 1
    expected = protein_by(name, before)
    assert expected is None or agree(expected, after), f"{told}, not {expected}"
    return expected is not None
