from gas_local.pages import read


def test_form_has_what_a_browser_would_send_by_itself() -> None:
    page = read(
        '<form action="/up" method="POST"><input type="hidden" name="key" value="a&amp;b">'
        '<input name="typed" value="x"><input type="file" name="file"><button name="go">Go</button></form>'
    )
    (form,) = page.forms
    assert (form.action, form.method, form.fields, form.file_field) == ("/up", "post", {"key": "a&b"}, "file")


def test_select_sends_the_option_that_is_selected_or_the_first() -> None:
    options = '<option value="">any<option value="a">A<option value="b"{}>B</select></form>'
    for selected, sent in (("", ""), (" selected", "b")):
        page = read('<form action="/up"><select name="choice">' + options.format(selected))
        assert page.forms[0].fields == {"choice": sent}


def test_input_outside_a_form_belongs_to_none() -> None:
    page = read('<form action="/a"></form><input type="hidden" name="stray" value="1">')
    assert page.forms[0].fields == {}


def test_sentences_are_those_of_the_panel_alone() -> None:
    page = read(
        '<p>before</p><section data-state="FAILED NONE"><div><img><p>Line 3,\n column 2.</p></div>'
        "<p>Fix <code>POS</code>.</p></section><p>after</p>"
    )
    assert page.state == "FAILED NONE"
    assert page.sentences == ["Line 3, column 2.", "Fix POS."]


def test_heading_is_that_of_the_page() -> None:
    assert read("<title>no</title><h1 title='x'>a &amp; <b>b</b></h1><h2>no</h2>").heading == "a & b"


def test_links_are_found_in_order() -> None:
    assert read('<a href="/login">in</a><a name="x">no</a><a href="/help">?</a>').links == ["/login", "/help"]
