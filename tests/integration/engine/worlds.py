"""Made-up references and inputs for them: small, crowded, and odd on purpose."""

from __future__ import annotations

import random

import numpy as np

from gas_engine.allele import left_align, trim
from gas_engine.bundle import Bundle, Contig, Field, Manifest, Track
from gas_engine.bundle.genes import NMD, Segment, Transcript
from gas_engine.bundle.known import KnownRows
from gas_engine.bundle.regions import Region
from gas_engine.bundle.tables import build_tables
from gas_engine.codon import GENETIC_CODES, reverse_complement
from gas_engine.pick import ORDER, Keep, Pick

STOPS = ("TAA", "TAG", "TGA")
LETTERS = "ACGT"


def a_bundle(rng: random.Random) -> Bundle:
    """One or two contigs of a few hundred bases, full of genes."""
    contigs = []
    sequences = []
    for number in range(rng.randint(1, 2)):
        length = rng.choice((120, 400, 900))
        # Few letters make repeats, which is where names shift.
        letters = rng.choice(("ACGT", "ACGT", "AC", "AAT"))
        bases = rng.choices(letters, k=length)
        for _ in range(rng.choice((0, 0, 2))):
            bases[rng.randrange(length)] = rng.choice("NRY")
        name = ("chrA", "B")[number]
        contigs.append(
            Contig(name, length, (f"{name}-alias",), rng.choice(list(GENETIC_CODES)), rng.random() < 0.3)
        )
        sequences.append(bases)
    transcripts = []
    for number in range(rng.randint(0, 6)):
        where = rng.randrange(len(contigs))
        if transcript := a_transcript(rng, number, contigs[where], sequences[where]):
            transcripts.append(transcript)
    transcripts.sort(key=lambda t: (t.contig, t.start, t.end, t.transcript_id))
    text = ["".join(bases) for bases in sequences]
    known = KnownRows()
    for _ in range(rng.randint(0, 12)):
        where = rng.randrange(len(contigs))
        pos, ref, alt = a_change(rng, text[where])
        if "N" in alt or ref == alt:
            continue
        key = left_align(*trim(pos - 1, ref, alt), lambda a, b, bases=text[where]: bases[max(a, 0) : b])
        for _ in range(rng.choice((1, 1, 2))):
            known.add(
                where, key[0], len(key[1]), key[2], f"rs{rng.randrange(30)}{rng.choice(('',) * 9 + ('|x',))}"
            )
    some_values(rng, known, text)
    tracks = []
    for track in ("peaks", "sites")[: rng.randint(0, 2)]:
        regions = []
        for number in range(rng.randint(0, 8)):
            contig = rng.choice(contigs)
            start = rng.randrange(contig.length - 1)
            end = rng.randint(start + 1, contig.length)
            regions.append(Region(contig.name, start, end, rng.choice(("one", "two", "a b;c", f"r{number}"))))
        tracks.append((track, regions))
    sequence = np.frombuffer(bytearray("".join(text).encode()), np.uint8)
    tables = build_tables(contigs, sequence, transcripts, known, tracks)
    told = tuple(Track(name, "") for name, _ in tracks)
    return Bundle(Manifest("toy", "toy1", "1", tuple(contigs), told, known.fields), tables)


def some_values(rng: random.Random, known: KnownRows, text: list[str]) -> None:
    """Up to two VCF sources, whose alleles may have identifiers, values of the other and of their own."""
    for source in ("Panel", "Study_1")[: rng.randint(0, 2)]:
        kinds = rng.sample(("Integer", "Float", "String", "String"), rng.randint(1, 3))
        fields = [Field(source, f"F{place}", kind, f"of {kind}") for place, kind in enumerate(kinds)]
        number = known.add_source(fields)
        for _ in range(rng.choice((0, 20, 200))):
            where = rng.randrange(len(text))
            pos, ref, alt = a_change(rng, text[where])
            if "N" in alt or ref == alt:
                continue
            start, ref, alt = left_align(
                *trim(pos - 1, ref, alt), lambda a, b, bases=text[where]: bases[max(a, 0) : b]
            )
            for _ in range(rng.choice((1, 1, 1, 2))):
                values = [rng.choice(VALUES[kind]) for kind in kinds]
                known.add_values(number, (where, start, len(ref), alt), values)


def a_transcript(rng: random.Random, number: int, contig: Contig, bases: list[str]) -> Transcript | None:
    """Exons at random; most have a coding stretch, and of these many read well from start to stop."""
    count = rng.randint(1, 4)
    cuts = sorted(rng.sample(range(contig.length + 1), 2 * count)) if contig.length > 2 * count else []
    exons: tuple[Segment, ...] = tuple((cuts[2 * i], cuts[2 * i + 1]) for i in range(count))
    strand = rng.choice((1, -1))
    cds = None
    phase = 0
    exonic = [base for start, end in exons for base in range(start, end)]
    if rng.random() < 0.8 and len(exonic) > 3:
        first, last = sorted(rng.sample(range(len(exonic)), 2))
        if rng.random() < 0.8:
            last = min(last + (2 - (last - first)) % 3, len(exonic) - 1)
        cds = (exonic[first], exonic[last] + 1)
        phase = rng.choice((0, 0, 0, 1, 2))
        if rng.random() < 0.8:
            tidy(rng, bases, exonic[first : last + 1], strand, contig.genetic_code)
    biotype = rng.choice(("protein_coding", "protein_coding", "lncRNA", "NMD decay", NMD))
    marked = rng.random() < 0.5
    version = rng.choice(("", ".2"))
    return Transcript(
        transcript_id=f"T{rng.choice((number, number + 10))}",
        versioned_id=f"T{number}{version}",
        gene_id=rng.choice((f"G{number}", f"G{number}", "")),
        symbol=rng.choice((f"S{number % 3}", "", "a,b")),
        biotype=biotype,
        contig=contig.name,
        strand=strand,
        exons=exons,
        cds=cds,
        cds_phase=phase,
        protein_id="P;0" if rng.random() < 0.04 else f"P{number}",
        canonical=rng.choice(("YES", "")) if marked else "",
        mane=rng.choice(("MANE_Select", "MANE_Plus_Clinical", "", "")) if marked else "",
        tsl=rng.choice(("1", "5", "")) if marked and number % 2 else "",
        appris=rng.choice(("P1", "P4", "A2", "")) if marked and number % 3 else "",
        mature=exons[:1] if rng.random() < 0.2 else (),
    )


def a_pick(rng: random.Random) -> Pick:
    """All consequences half of the time, else any choice of them by any criteria."""
    if rng.random() < 0.5:
        return Pick()
    return Pick(rng.choice(list(Keep)), tuple(rng.sample(ORDER, rng.randint(1, len(ORDER)))))


def tidy(rng: random.Random, bases: list[str], coding: list[int], strand: int, code: int) -> None:
    """Write an open reading frame over the coding bases."""
    table = GENETIC_CODES[code]
    stops = [codon for codon, letter in table.amino_acids.items() if letter == "*"]
    order = coding if strand > 0 else coding[::-1]
    codons = [order[i : i + 3] for i in range(0, len(order) - 2, 3)]
    for number, codon in enumerate(codons):
        if number == 0:
            wanted = rng.choice(sorted(table.starts))
        elif number == len(codons) - 1 and rng.random() < 0.8:
            wanted = rng.choice(stops)
        else:
            wanted = "".join(bases[base] for base in codon)
            wanted = wanted if strand > 0 else "".join(reverse_complement(letter) for letter in wanted)
            if table.amino_acid(wanted) in "*X":
                wanted = rng.choice(("GCT", "AAA", "CTG"))
        for base, letter in zip(codon, wanted, strict=True):
            bases[base] = letter if strand > 0 else reverse_complement(letter)


def a_change(rng: random.Random, bases: str) -> tuple[int, str, str]:
    """(POS, REF, ALT) of a change of any kind, REF as the reference has it, spelled in any way."""
    start = rng.randrange(len(bases))
    kind = rng.random()
    if kind < 0.45:
        ref, alt = bases[start], rng.choice(LETTERS)
    elif kind < 0.55:
        ref = bases[start : start + rng.randint(2, 4)]
        alt = reverse_complement(ref) if rng.random() < 0.3 else "".join(rng.choices(LETTERS, k=len(ref)))
    elif kind < 0.75:
        ref = bases[start : start + rng.choice((1, 2, 2, 3, 4, 7, 12, 40, 200))]
        alt = ref[:1]
    elif kind < 0.92:
        ref = bases[start : start + rng.randint(1, 3)]
        piece = rng.choice(
            (bases[start : start + rng.randint(1, 6)], "".join(rng.choices(LETTERS, k=rng.randint(1, 9))))
        )
        at = rng.randint(0, len(ref))
        alt = ref[:at] + piece + ref[at:]
    else:
        ref = bases[start : start + rng.randint(1, 9)]
        alt = "".join(rng.choices("ACGTN", k=rng.randint(1, 9)))
    return start + 1, ref, alt or "A"


VALUES = {
    "Integer": ("7", "-3", "0", ""),
    "Float": ("0.25", "1e-05", "3.", ".5", "-1", "", "1E+2"),
    "String": ("benign", "a|b", "x%3By", "one&two", "Größe", ""),
}
INFOS = (
    ".", "DP=3", "AF=0.25", "AF=0.1,0.2,0.3", "AC=3;AN=8", "AC=1,2;AN=12", "AF=1e-3;DB", "AF=.;AN=0",
    "AC=2;AN=nan", "AF=0.12345678901234567890", "END=50", "END=7;SVTYPE=DEL", "FLAG;X=1;;Y", "X;FLAG=2",
    "CSQ=old|x;DP=1", "CSQ=gone", "peaks=mine;Z=1;", "GAS_REF_MISMATCH;Q=1", "AF=", "AN=4;AC=abc",
    "TEXT=a=b=c", "Panel_F0=mine;DP=2", "AF=0.5;AF=0.75", "END=90;SVLEN=-40", "SVLEN=30,.",
    "SVTYPE=DUP;SVLEN=200;END=x", "END=400",
)  # fmt: skip
QUALS = (".", "50", "3.14", "1e3", "0.1", "29.999999999999999999", "1.5E-7", "-3", "1e400", "5.", ".5", "+7")
FILTERS = (".", "PASS", "q10", "q10;s50", "PASS")
IDS = (".", ".", "rs1", "rs1;rs2", "COSV1", "rs12|x", "a;;b")
ALTS = (
    "*", "<DEL>", "<NON_REF>", "<*>", ".", "g]17:198982]", "U", ".A", "<DUP>", "<DUP:TANDEM>", "<INS:ME:ALU>",
    "<INV>", "<CNV>", "<CN0>", "<CN2>", "<X>",
)  # fmt: skip


def a_file(rng: random.Random, bundle: Bundle, samples: int | None = None) -> bytes:
    """A VCF for that bundle, with as many samples, or any number of them."""
    samples = rng.choice((0, 0, 1, 3)) if samples is None else samples
    head = ["##fileformat=" + rng.choice(("VCFv4.2",) * 8 + ("VCFv4.4", "VCFv3.3"))]
    declared = (
        '##INFO=<ID=DP,Number=1,Type=Integer,Description="Depth">',
        '##INFO=<ID=CSQ,Number=.,Type=String,Description="Another tool\'s">',
        '##INFO=<ID=peaks,Number=.,Type=String,Description="overlaps from GAS">',
        '##FILTER=<ID=q10,Description="Low">',
        "##contig=<ID=chrA,length=5>",
    )
    head += [line for line in declared if rng.random() < 0.5]
    names = "".join(f"\tS{number}" for number in range(samples))
    bare = samples == 0 and rng.random() < 0.2
    head.append(
        "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO" + ("\tFORMAT" + names if samples or bare else "")
    )
    texts = {contig.name: bundle.sequence(contig.name, 0, contig.length) for contig in bundle.contigs}
    records = [a_record(rng, bundle, texts, samples, bare=bare) for _ in range(rng.randint(1, 40))]
    if rng.random() < 0.7:
        order = {name: rank for rank, name in enumerate(dict.fromkeys(record[0] for record in records))}
        records.sort(key=lambda record: (order[record[0]], int(record[1])))
    lines = ["\t".join(record) for record in records]
    if rng.random() < 0.1:
        lines.insert(rng.randint(0, len(lines)), rng.choice(("", "  ")))
    end = rng.choice(("\n", "\n", "\r\n"))
    return end.join([*head, *lines, ""]).encode(rng.choice(("utf-8", "latin-1")))


def a_record(
    rng: random.Random, bundle: Bundle, texts: dict[str, str], samples: int, *, bare: bool
) -> list[str]:
    contig = rng.choice(bundle.contigs)
    pos, ref, alt = a_change(rng, texts[contig.name])
    alts = [alt]
    while rng.random() < 0.25:
        other = a_change(rng, texts[contig.name])[2]
        alts.append(rng.choice((other, ref[:1] + other, rng.choice((*ALTS[:4], *ALTS[8:10])))))
    if rng.random() < 0.08:
        alts = [rng.choice(ALTS)]
    name = rng.choice((contig.name, contig.name, contig.name, contig.aliases[0], "chrZ"))
    if rng.random() < 0.05:
        pos += 1
    if rng.random() < 0.03:
        pos = rng.choice((0, contig.length, contig.length + 5))
    if rng.random() < 0.1:
        ref, alts = ref.lower(), [each.lower() if each.isalpha() else each for each in alts]
    info = rng.choice(INFOS) if rng.random() < 0.97 else "NOTE=Größe"
    record = [
        name,
        str(pos),
        rng.choice(IDS),
        ref,
        ",".join(alts),
        rng.choice(QUALS),
        rng.choice(FILTERS),
        info,
    ]
    if samples:
        record += [
            rng.choice(("GT", "GT:DP", "GT:XX")),
            *(rng.choice(("0/1", "./.", "1|0:3", "1|1", "0|1", "1|2")) for _ in range(samples)),
        ]
    elif bare:
        record.append("GT")
    return record


def crowded_bundle(rng: random.Random, transcripts: int) -> Bundle:
    """A contig that is one coding exon, of that many transcripts."""
    length = 303
    bases = rng.choices(LETTERS, k=length)
    tidy(rng, bases, list(range(length)), 1, 1)
    contig = Contig("chrA", length, (), 1, circular=False)
    models = [
        Transcript(
            transcript_id=f"T{number}",
            versioned_id=f"T{number}",
            gene_id="G",
            symbol="S",
            biotype="protein_coding",
            contig="chrA",
            strand=1,
            exons=((0, length),),
            cds=(0, length),
            cds_phase=0,
            protein_id=f"P{number}",
        )
        for number in range(transcripts)
    ]
    sequence = np.frombuffer(bytearray("".join(bases).encode()), np.uint8)
    manifest = Manifest("toy", "toy1", "1", (contig,), ())
    return Bundle(manifest, build_tables([contig], sequence, models, KnownRows(), []))
