from gas_local.main_job import LINE_WIDTH, differences, shortened

EXPECTED = {"most_severe": {"missense_variant": 2}, "contigs": {"MT": 3}}


def test_summary_may_say_more_than_is_expected() -> None:
    assert differences(EXPECTED, EXPECTED | {"timing": {"seconds": 1}}, downloaded=3) == []


def test_other_numbers_are_told_with_what_they_should_be() -> None:
    summary = EXPECTED | {"most_severe": {"missense_variant": 1}}
    assert differences(EXPECTED, summary, downloaded=2) == [
        "most_severe should be {'missense_variant': 2} and is {'missense_variant': 1}",
        "the download should have 3 records and has 2",
    ]


def test_long_record_is_cut_to_the_terminal() -> None:
    assert shortened("MT\t1\t.") == "MT  1  ."
    cut = shortened("MT\t" + "A" * 500)
    assert (len(cut), cut[-1]) == (LINE_WIDTH, "…")
