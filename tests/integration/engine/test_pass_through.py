"""What the user gave comes back unchanged: take our fields away and the records are the same bytes."""

import io
import tempfile
from pathlib import Path

import pysam
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gas_engine import Bundle, OutputPaths, annotate

WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=("C", "Z"), exclude_characters=';=,:\t"<>%'), min_size=1
)
NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_.]{0,8}", fullmatch=True).filter(lambda name: name != "END")
BASES = st.text("ACGTacgtN", min_size=1, max_size=6)
ALTS = st.one_of(
    st.just("."),
    st.lists(
        st.one_of(BASES, st.sampled_from(["*", "<DEL>", "<*>", "N[MT:17[", "]chr1:5]A"])),
        min_size=1,
        max_size=3,
    ).map(",".join),
)


@st.composite
def records(draw: st.DrawFn, bundle: Bundle) -> str:
    contig = bundle.contigs[0]
    inside = draw(st.booleans())
    pos = draw(st.integers(1, contig.length - 4))
    length = draw(st.integers(1, 4))
    ref = bundle.sequence(contig.name, pos - 1, pos - 1 + length) if inside else draw(BASES)
    flags = draw(st.lists(NAMES, max_size=3, unique=True))
    info = ";".join(name if draw(st.booleans()) else f"{name}={draw(WORDS)}" for name in flags)
    return "\t".join(
        [
            draw(st.sampled_from(["MT", "chrM"]))
            if inside
            else draw(st.sampled_from(["chr1", "M", "HLA*01"])),
            str(pos),
            draw(st.one_of(st.just("."), st.lists(WORDS, min_size=1, max_size=2).map(";".join))),
            ref,
            draw(ALTS),
            draw(st.sampled_from([".", "0", "12.5", "1e3"])),
            draw(st.sampled_from([".", "PASS", "q10", "q10;s50"])),
            info or ".",
            "GT:XX",
            f"0/1:{draw(WORDS)}",
        ]
    )


def stripped(line: bytes, ours: set[bytes]) -> tuple[list[bytes], list[bytes]]:
    """Return (all columns but ID, without our INFO; the IDs)."""
    columns = line.split(b"\t")
    kept = [entry for entry in columns[7].split(b";") if entry.partition(b"=")[0] not in ours]
    return [*columns[:2], *columns[3:7], b";".join(kept) or b".", *columns[8:]], columns[2].split(b";")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_records_come_back_byte_for_byte_but_for_our_fields(bundle: Bundle, data: st.DataObject) -> None:
    given_records = [
        # One good record in front keeps the file from being refused as a whole.
        *["MT\t64\t.\tC\tT\t.\t.\t.\tGT:XX\t1:1"] * 20,
        *data.draw(st.lists(records(bundle), max_size=12)),
    ]
    header = "##fileformat=VCFv4.3\n##keep=me\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tS1\n"
    text = header + "".join(record + "\n" for record in given_records)
    ours = {b"CSQ", b"GAS_REF_MISMATCH", *(track.name.encode() for track in bundle.tracks)}
    with tempfile.TemporaryDirectory() as directory:
        outputs = OutputPaths(Path(directory))
        summary = annotate(io.BytesIO(text.encode()), bundle, outputs, lambda _: None)
        with pysam.BGZFile(str(outputs.vcf), "r", None) as vcf:
            lines = vcf.read().splitlines()
        with pysam.VariantFile(str(outputs.vcf)) as readable:
            assert sum(1 for _ in readable) == len(given_records)
    assert b"##keep=me" in lines
    came_back = [stripped(line, ours) for line in lines if not line.startswith(b"#")]
    went_in = [stripped(record.encode(), ours) for record in given_records]
    order = [contig for contig, *_ in dict.fromkeys((record.split("\t")[0],) for record in given_records)]
    went_in.sort(key=lambda record: (order.index(record[0][0].decode()), int(record[0][1])))
    assert [columns for columns, _ in came_back] == [columns for columns, _ in went_in]
    for (_, ids_out), (_, ids_in) in zip(came_back, went_in, strict=True):
        assert ids_out[: len(ids_in)] == ids_in or ids_in == [b"."]
    counts = summary.records
    assert counts.read == len(given_records)
    assert (
        counts.read
        == counts.annotated + counts.skipped + counts.no_alt + counts.ref_mismatch + counts.outside_bundle
    )
