from pathlib import Path

from ofrecord.prices.fields import priced_fields
from ofrecord.project_file import ProjectFile

PROJECT = Path(__file__).parents[2]


def test_setup_looks_for_the_fields_of_priced_lines_only_where_a_job_prices_quotes(tmp_path: Path) -> None:
    found = [(one.object, one.field, one.kind) for one in priced_fields(ProjectFile(PROJECT))]
    assert found == [("Quoted_Items", "Allowed_Rate", "currency"), ("Quoted_Items", "Price_Flag", "picklist")]
    text = (PROJECT / "meltano.yml").read_text()
    (tmp_path / "meltano.yml").write_text(text.replace("ofrecord:quote-prices", "ofrecord:audit"))
    assert priced_fields(ProjectFile(tmp_path)) == []
