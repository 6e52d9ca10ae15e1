"""Count as records go by, in memory that does not grow with the input."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from gas_engine.kernel.layout import ALLELES_ANNOTATED, ALLELES_KNOWN, TRANSITIONS, TRANSVERSIONS
from gas_engine.kernel.words import CLASSES, REASONS, STATUSES
from gas_engine.outputs.locations import LOCATION_OF_TERM, OTHER, OUTSIDE_GENES
from gas_engine.outputs.summary import AlleleCounts, RecordCounts
from gas_engine.records import AnnotatedRecord, RecordStatus
from gas_engine.terms import IMPACT, TERMS
from gas_engine.variant_class import is_transition

if TYPE_CHECKING:
    from gas_engine.bundle import Bundle
    from gas_engine.kernel.layout import Tallies
    from gas_engine.model import AlleleAnnotation
    from gas_engine.stream import Contigs

TERM_NAMES = tuple(term.name for term in TERMS)


class Tally:
    """The counts of one run, as they stand."""

    def __init__(self) -> None:
        self.statuses: Counter[RecordStatus] = Counter()
        self.skipped: Counter[str] = Counter()
        self.classes: Counter[str] = Counter()
        self.most_severe: Counter[str] = Counter()
        self.consequences: Counter[str] = Counter()
        self.impacts: Counter[str] = Counter()
        self.locations: Counter[str] = Counter()
        self.genes: Counter[str] = Counter()
        self.tracks: Counter[str] = Counter()
        self.allele_sources: Counter[str] = Counter()
        self.contigs: Counter[str] = Counter()
        self.contigs_outside: Counter[str] = Counter()
        self.alleles_annotated = 0
        self.alleles_known = 0
        self.transitions = 0
        self.transversions = 0
        self.not_utf8 = 0  # lines

    def state(self) -> dict[str, Any]:
        """All counts, as JSON takes them."""
        return {name: value if isinstance(value, int) else dict(value) for name, value in vars(self).items()}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` gave."""
        for name, value in state.items():
            setattr(self, name, value if isinstance(value, int) else Counter(value))
        self.statuses = Counter({RecordStatus(name): count for name, count in state["statuses"].items()})

    def add(self, annotated: AnnotatedRecord) -> None:
        self.statuses[annotated.status] += 1
        outside = annotated.status is RecordStatus.OUTSIDE_BUNDLE
        # By the file's own names: the reader knows chrM, not the bundle's NC_012920.1.
        (self.contigs_outside if outside else self.contigs)[annotated.record.chrom.decode()] += 1
        for allele in annotated.alleles:
            self.classes[allele.variant_class] += 1
            transition = is_transition(annotated.ref, allele.alt.upper())
            if transition is not None:
                self.transitions += transition
                self.transversions += not transition
            if allele.annotation.consequences:
                self._add_annotation(allele.annotation)
            else:
                self.skipped[allele.annotation.skipped] += 1

    def add_counts(self, counts: Tallies, bundle: Bundle, contigs: Contigs) -> None:
        """Add what the kernel counted."""
        genes, tracks = bundle.tables.genes, [track.name for track in bundle.tracks]
        for status, count in zip(STATUSES, counts.statuses.tolist(), strict=True):
            self.statuses[status] += count
        for counter, words, numbers in (
            (self.skipped, REASONS, counts.skipped),
            (self.classes, CLASSES, counts.classes),
            (self.most_severe, TERM_NAMES, counts.most_severe),
            (self.consequences, TERM_NAMES, counts.consequences),
            (self.tracks, tracks, counts.tracks),
            (self.allele_sources, bundle.sources, counts.sources),
        ):
            for word, count in zip(words, numbers.tolist(), strict=False):
                if count:
                    counter[word] += count
        for term, count in zip(TERM_NAMES, counts.most_severe.tolist(), strict=True):
            if count:
                self.impacts[IMPACT[term]] += count
                self.locations[LOCATION_OF_TERM.get(term, OTHER)] += count
        for number in np.flatnonzero(counts.genes).tolist():
            self.genes[genes[number]] += int(counts.genes[number])
        for number, name in enumerate(contigs.met):
            if counts.contigs[number]:
                outside = contigs.places[number] < 0
                (self.contigs_outside if outside else self.contigs)[name.decode()] += int(
                    counts.contigs[number]
                )
        self.alleles_annotated += int(counts.sums[ALLELES_ANNOTATED])
        self.alleles_known += int(counts.sums[ALLELES_KNOWN])
        self.transitions += int(counts.sums[TRANSITIONS])
        self.transversions += int(counts.sums[TRANSVERSIONS])

    def _add_annotation(self, said: AlleleAnnotation) -> None:
        self.alleles_annotated += 1
        self.alleles_known += bool(said.known_ids)
        first = said.consequences[0]
        self.most_severe[first.terms[0]] += 1
        self.impacts[first.impact] += 1
        self.locations[LOCATION_OF_TERM.get(first.terms[0], OTHER)] += 1
        self.consequences.update({term for each in said.consequences for term in each.terms})
        self.genes.update(
            {
                each.symbol or each.gene_id
                for each in said.consequences
                if (each.symbol or each.gene_id) and not OUTSIDE_GENES.issuperset(each.terms)
            },
        )
        self.tracks.update(track for track, names in said.overlaps.items() if names)
        self.allele_sources.update({field.source for field in said.values})

    @property
    def records_read(self) -> int:
        return self.statuses.total()

    @property
    def records_on_bundle(self) -> int:
        return self.records_read - self.statuses[RecordStatus.OUTSIDE_BUNDLE]

    def record_counts(self) -> RecordCounts:
        return RecordCounts(
            read=self.records_read, **{status.value: self.statuses[status] for status in RecordStatus}
        )

    def allele_counts(self) -> AlleleCounts:
        annotated = self.alleles_annotated
        return AlleleCounts(
            read=annotated + self.skipped.total(),
            annotated=annotated,
            known=self.alleles_known,
            known_share=round(self.alleles_known / annotated, 4) if annotated else 0.0,
            skipped=by_count(self.skipped),
            by_class=by_count(self.classes),
            transitions=self.transitions,
            transversions=self.transversions,
            ts_tv=round(self.transitions / self.transversions, 3) if self.transversions else None,
        )


def by_count(counter: Counter[str]) -> dict[str, int]:
    """Order a counter for people: the largest first, equal ones by name, so that runs compare."""
    return dict(sorted(counter.items(), key=lambda item: (-item[1], item[0])))
