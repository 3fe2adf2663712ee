from __future__ import annotations

import contextlib
import csv
import io
import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bigru.errors import DataError
from bigru.readers.parsers.delimited import inspect, parse, sniff, split_text
from bigru.readers.reading import Reading
from bigru.readers.table import Grid

CELL = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\r\ufeff\u200b\u200c\u200d\u2060"), max_size=9
)


def separated(separator: str) -> Reading:
    return Reading(separator=separator)


def messages(grid: Grid) -> list[str]:
    return [str(finding) for finding in grid.findings]


@given(st.lists(st.tuples(CELL, CELL), min_size=1, max_size=9), st.sampled_from(",;|"))
def test_what_the_csv_module_writes_comes_back(rows: list[tuple[str, str]], separator: str) -> None:
    # Rows that begin as remarks do before a table are left out and named.
    assume(not any(re.match(r"\s*(#|//)\s", row[0]) for row in rows))
    written = io.StringIO(newline="")
    csv.writer(written, delimiter=separator, quoting=csv.QUOTE_ALL).writerows(rows)
    kept = [list(row) for row in rows if any(cell.strip() for cell in row)]
    assert parse(written.getvalue(), "f", separated(separator)).rows == kept


def test_lines_are_physical_lines() -> None:
    grid = parse('text,label\n"two\nlines",a\n\nlast,b\n', "f")
    assert grid.rows == [["text", "label"], ["two\nlines", "a"], ["last", "b"]]
    assert grid.lines == [1, 2, 5]
    assert messages(grid) == ["f:4: empty row: the line is blank; left out"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\r\r\n"])
def test_every_kind_of_line_end(end: str) -> None:
    grid = parse(end.join(["text,label", '"a ""b""",x', "c,y"]), "f")
    assert grid.rows[1:] == [['a "b"', "x"], ["c", "y"]]
    assert grid.lines == [1, 2, 3]


@pytest.mark.parametrize(
    ("text", "separator"),
    [
        ("text,label\na,b\n", "comma"),
        ("text\tlabel\na, really\tb\n", "tab"),
        ("text;label\na, really;b\nc, d;e\n", "semicolon"),
        ("text\nalone\n", "comma"),
        ("", "comma"),
        ("text;label\n" + "a, b;c\n" * 20000, "semicolon"),
        ("text|label\na, b|c\nd|e\n", "vertical bar"),
        ("2020;1,5\n2021;2,5\n2022;3,5\n", "semicolon"),
        ("文本，标签\n很好，好\n差，坏\n", "full-width comma"),
        ("文本；标签\n很好，真的；好\n差；坏\n", "full-width semicolon"),
        ("text^label\ngood^1\nbad^0\n", "caret"),
        ("good\x011\nbad\x010\n", "^A"),
        ("  1   2.5e+00   3\n  2  -1.0e+00  4\n", "space"),
        ("text,label\n很好，真的,好\n差，是的,坏\n", "comma"),
        ("a title\ntext,label\na,b\nc,d\n", "comma"),
    ],
)
def test_the_separator_is_found(text: str, separator: str) -> None:
    assert parse(text, "f").inferred["separator"] == separator


def test_a_separator_that_was_given_is_used() -> None:
    assert parse("a,b~c\nd,e~f\n", "f", separated("~")).rows == [["a,b", "c"], ["d,e", "f"]]
    assert parse("a  b c\nd e   f\n", "f", separated("space")).rows == [["a", "b", "c"], ["d", "e", "f"]]


def test_a_decimal_comma_separates_no_columns() -> None:
    assert parse("1,5|2\n2,5|3\n", "f", Reading(decimal=",")).rows == [["1,5", "2"], ["2,5", "3"]]


@pytest.mark.parametrize("line", ["sep=;", "SEP=;", '"sep=;"', "sep=;;;", "\ufeffsep=;"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_line_that_names_the_separator_is_passed_over(line: str, end: str) -> None:
    grid = parse(end.join([line, "text;label", "a, b;c", ""]), "f")
    assert grid.rows == [["text", "label"], ["a, b", "c"]]
    assert grid.lines == [2, 3]
    assert grid.inferred["separator"] == "semicolon (named by line 1)"
    assert messages(grid) == ["f:1: separator line: the line names the separator, semicolon; left out"]


def test_spaces_between_a_separator_and_a_quote_are_no_part_of_the_cell() -> None:
    grid = parse('text, label\n"bad, indeed", "neg"\n"good, indeed",   "pos"\n', "f")
    assert grid.rows == [["text", "label"], ["bad, indeed", "neg"], ["good, indeed", "pos"]]
    assert grid.inferred["spaces"] == "left out behind separators"
    assert parse('text,label,more\na, "b" c,d\n', "f").rows[1] == ["a", ' "b" c', "d"]


def test_a_backslash_before_a_quote_is_left_out_and_others_stay() -> None:
    grid = parse('text,label\n"he said \\"hi\\", twice",pos\n"C:\\new",neg\nplain \\n,pos\n', "f")
    assert grid.rows[1:] == [['he said "hi", twice', "pos"], ["C:\\new", "neg"], ["plain \\n", "pos"]]
    assert grid.inferred["escapes"] == "a backslash before quotes"


def test_a_backslash_at_the_end_of_a_quoted_cell_is_a_character() -> None:
    grid = parse('path,label\n"C:\\dir\\",1\n"D:\\",0\n', "f")
    assert grid.rows[1:] == [["C:\\dir\\", "1"], ["D:\\", "0"]]
    assert "escapes" not in grid.inferred


def test_one_ill_quoted_row_does_not_change_how_the_others_are_read() -> None:
    grid = parse('text,label\n"a, b",pos\n"Great" movie,neg\n"c\nd",pos\n"e ""f""",neg\n', "f")
    assert grid.rows[1:] == [["a, b", "pos"], ['"Great" movie', "neg"], ["c\nd", "pos"], ['e "f"', "neg"]]
    assert grid.lines == [1, 2, 3, 4, 6]
    assert messages(grid) == ["f:3: odd quotes: the quotes do not fit; the row is read as it stands, quotes and all"]


def test_quotes_are_read_behind_a_title() -> None:
    text = 'A title\n"text","n","m"\n"she said ""no""","1","a"\n"two\nlines","2","b"\n'
    assert parse(text, "f").rows[1:] == [['she said "no"', "1", "a"], ["two\nlines", "2", "b"]]


def test_a_remark_may_have_as_many_cells_as_the_table() -> None:
    assert parse("# made by us, with care\ntext,label\na,x\nb,y\n", "f").rows[0] == ["text", "label"]


def test_a_separator_never_cuts_through_quoted_cells() -> None:
    grid = parse('"good"；"90,20"\n"bad"；"16,19"\n"so so"；"5,94"\n', "f")
    assert grid.rows == [["good", "90,20"], ["bad", "16,19"], ["so so", "5,94"]]


def test_a_decimal_comma_is_no_separator_where_another_one_divides_all_rows() -> None:
    for separator in ("^", "；", "|", "\t"):
        text = f"text{separator}load\na b{separator}5,5\nc{separator}6,5\nd{separator}7,1\n"
        assert parse(text, "f").rows[1] == ["a b", "5,5"]


def test_a_lone_quote_between_tabs_is_a_character() -> None:
    grid = parse('label\ttext\n1\t"Great" movie\n0\tbad "un\n1\t"x\n', "f", Reading(format="tsv"))
    assert [row[1] for row in grid.rows] == ["text", '"Great" movie', 'bad "un', '"x']
    assert grid.inferred["quotes"] == "plain characters"


def test_quotes_between_tabs_never_join_whole_rows() -> None:
    text = 'label\ttext\n1\t"first\n0\tsecond\n1\tthird"\n'
    assert len(parse(text, "f", separated("\t")).rows) == 4


def test_quotes_between_tabs_are_read_where_rows_need_them() -> None:
    grid = parse('label\ttext\n1\t"two\nlines"\n0\t"a\tb ""c"""\n', "f", separated("\t"))
    assert grid.rows[1:] == [["1", "two\nlines"], ["0", 'a\tb "c"']]
    assert grid.lines == [1, 2, 4]


def test_ill_quoted_rows_that_are_whole_as_they_stand_are_read_plainly() -> None:
    grid = parse('text,label\n"Great" movie,1\nfine,0\n', "f")
    assert grid.rows[1] == ['"Great" movie', "1"]
    assert grid.inferred["quotes"] == "plain characters"


def test_fields_longer_than_the_csv_module_likes() -> None:
    before = csv.field_size_limit()
    long = "x" * 200_000
    assert parse(f"text,label\n{long},a\n", "f").rows[1] == [long, "a"]
    assert csv.field_size_limit() == before


def test_a_quote_that_joins_rows_is_noticed() -> None:
    grid = parse('text,label\n"a,1\nb,0\nc,1\nd",0\n"two\nlines\nand more",1\n', "f")
    assert len(grid.rows) == 3
    message = "a quoted cell holds 2 lines that would be rows by themselves; check its quotes"
    assert messages(grid) == [f"f:2: joined rows: {message}"]


def test_a_row_of_blank_cells_is_blank() -> None:
    assert messages(parse("text,label\n , \na,b\n", "f")) == ["f:2: empty row: the line is blank; left out"]


@pytest.mark.parametrize(
    ("before", "message"),
    [
        ("Report of 2020\n", "f:1: preamble: line 1 stands before the table; left out: 'Report of 2020'"),
        ("Report\n\nmade,by,hand\n", "f:1: preamble: lines 1 to 3 stand before the table; left out: 'Report'"),
        (
            "# a remark, of two\n# more\n",
            "f:1: preamble: lines 1 to 2 stand before the table; left out: '# a remark of two'",
        ),
        ("Report,,,\n", "f:1: preamble: line 1 stands before the table; left out: 'Report'"),
    ],
)
def test_lines_before_the_table_are_left_out_and_named(before: str, message: str) -> None:
    grid = parse(before + "text,label,source,id\na,b,c,1\nd,e,f,2\ng,h,i,3\nj,k,l,4\n", "f")
    assert grid.rows[0] == ["text", "label", "source", "id"]
    assert len(grid.rows) == 5
    assert message in messages(grid)


def test_remarks_before_a_table_without_names_are_left_out() -> None:
    assert parse("# written by a sensor\n1,2\n3,4\n5,6\n", "f").rows == [["1", "2"], ["3", "4"], ["5", "6"]]


@pytest.mark.parametrize("line", ["a title", "text"])
def test_a_line_before_rows_without_names_is_asked_about(line: str) -> None:
    with pytest.raises(DataError, match=r"^f:1: row must be 2 columns separated by commas, as line 2, got 1 column\."):
        parse(f"{line}\n1,2\n3,4\n5,6\n", "f")


@pytest.mark.parametrize("line", ["Source: the office", "Total,12", "合计,12", "# end", "Total"])
def test_totals_and_sources_behind_the_table_are_left_out_and_named(line: str) -> None:
    grid = parse(f"name,count\na,5\nb,7\nc,0\n{line}\n", "f")
    assert len(grid.rows) == 4
    shown = line.replace(",", " ")
    assert messages(grid) == [f"f:5: footer: line 5 stands behind the table; left out: {shown!r}"]


def test_remarks_between_rows_are_left_out_and_counted() -> None:
    grid = parse("text,label\na,1\n# the second part\nb,0\n#\nc,1\n", "f")
    assert grid.rows == [["text", "label"], ["a", "1"], ["b", "0"], ["c", "1"]]
    assert messages(grid) == ["f:3: remark: 2 lines that begin with # are no rows; left out"]


def test_a_name_that_begins_with_a_hash_is_a_name() -> None:
    assert parse("#id,text\n1,a\n2,b\n", "f").rows[0] == ["#id", "text"]


def test_rows_that_end_with_a_separator_have_no_column_more() -> None:
    grid = parse("text,label\na,1,\nb,0,\n", "f")
    assert grid.rows == [["text", "label"], ["a", "1"], ["b", "0"]]
    assert grid.inferred["line ends"] == "without the separator behind every row"


def test_lines_that_end_with_a_semicolon() -> None:
    grid = parse("33,Jogging,491,-0.69,12.6,0.5;\n33,Jogging,492,5.0,11.2,0.9;\n", "f")
    assert grid.rows[1] == ["33", "Jogging", "492", "5.0", "11.2", "0.9"]
    assert grid.inferred["line ends"] == "without ';'"


def test_names_as_r_writes_them_lack_that_of_the_first_column() -> None:
    grid = parse('"text","label"\n"1","a","b"\n"2","c","d"\n', "f")
    assert grid.rows == [["", "text", "label"], ["1", "a", "b"], ["2", "c", "d"]]
    assert grid.inferred["first column"] == "without a name, as line 1 has one name fewer than cells"


def test_empty_cells_past_the_last_column_are_left_out() -> None:
    grid = parse("text,label\na,1\nb,0,,\nc,1\n", "f")
    assert grid.rows[2] == ["b", "0"]
    assert messages(grid) == ["f:3: long row: 1 rows have empty cells past column 2; left out"]


def test_rows_that_end_before_columns_that_are_mostly_empty_are_filled() -> None:
    grid = parse("text,label,note,more\na,1,,\nb,0\nc,1,,\nd,0,x,\n", "f")
    assert grid.rows[2] == ["b", "0", "", ""]
    assert messages(grid) == ["f:3: short row: 1 rows end before columns that are mostly empty; empty cells are added"]


def test_invisible_characters_around_names_are_removed() -> None:
    grid = parse("\u200btext\u200b,\ufefflabel\na,b\n", "f")
    assert grid.rows[0] == ["text", "label"]
    assert messages(grid) == ["f:1: invisible character: invisible characters around names were removed"]


def test_the_byte_order_mark_of_a_joined_file_is_removed() -> None:
    grid = parse("text,label\na,b\n\ufeffc,d\n", "f")
    assert grid.rows[2] == ["c", "d"]
    assert messages(grid) == ["f:3: invisible character: a byte-order mark before the row was removed"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "text,label\na,b\nc,d,e\n",
            r"f:3: row must be 2 columns separated by commas, as line 1, got 3 columns\. Put texts that hold the "
            r"separator in double quotes, or name another one with --separator\.$",
        ),
        (
            "text,label\na,b\nc,d,e\nf\ng,h\ni,j\n",
            r"f:3: row must be 2 columns separated by commas, as line 1, got 3 columns \(2 such rows of 6\)\. Put",
        ),
        ('text,label\n"a\nb",c\nd\n', r"f:4: row must be 2 columns separated by commas, as line 1, got 1 column\. Put"),
        ('text,label\na,b\n"c\n', r"f:3: row must be well quoted, got unexpected end of data\. Double the quotes"),
        ('text,label\n"a, b" c,d\n', r"f:2: row must be well quoted, got ',' expected after '\"'\. Double the quotes"),
    ],
)
def test_uneven_and_ill_quoted_rows_are_refused(text: str, message: str) -> None:
    with pytest.raises(DataError, match="^" + message):
        parse(text, "f", separated(","))


def test_a_part_is_divided_as_the_first_was() -> None:
    dialect, named = inspect("text;label\na;b\n")
    assert named is None
    grid = split_text("c, d;e\n\nf;g\n", "f", dialect, 7)
    assert (grid.rows, grid.lines) == ([["c, d", "e"], ["f", "g"]], [7, 9])


@given(st.text(st.sampled_from('ab,;\t"\\\n\r #=\ufeff'), max_size=40))
def test_whatever_comes_is_a_grid_or_refused(text: str) -> None:
    grid = Grid([], [], "f")
    with contextlib.suppress(DataError):
        grid = parse(text, "f")
    assert len({len(row) for row in grid.rows}) <= 1
    assert len(grid.lines) == len(grid.rows)
    assert grid.lines == sorted(grid.lines)


def test_a_table_is_told_from_lines() -> None:
    assert sniff("a.txt", "text|label\na|b\nc|d\n")
    assert not sniff("a.txt", "a line of words\nand another one\n")
