"""Files beside records, found by their name before one is sent.

Sources: Zoho CRM v8 docs, "Attachments": uploading the same file twice makes two. The largest is 20 MB ("Upload Files to ZFS"; for
attachments UNVERIFIED).
"""

from __future__ import annotations

from ofrecord_kit.errors import VendorRefusal
from ofrecord_kit.target.counted import Counted
from ofrecord_kit.target.destination import Destination, Done, Refused, Result
from ofrecord_kit.target.papers import Paper, Papers
from ofrecord_kit.vendors.crm import ROOT
from ofrecord_kit.vendors.crm_answers import refused, results_of
from ofrecord_kit.vendors.crm_beside import listed

LARGEST = 20 << 20
_TYPES = {"pdf": "application/pdf"}


class Files(Destination):
    """The part of a destination that has files beside its records. `papers`: where they come from."""

    _client: Counted
    papers: Papers | None = None

    def attach(self, object_: str, record: str, name: str, paper: Paper) -> Result:
        """One call looks; the file is fetched and sent only where none of that name is there. Raises Doubtful."""
        path = f"{object_}/{record}/Attachments"
        try:
            for one in listed(self._client, path, "File_Name"):
                if one["File_Name"] == name:
                    return Done(str(one["id"]), changed=False)
            content = self.papers.fetch(paper, LARGEST) if self.papers else b""
            if not content:
                said = f"{paper.system} does not print {paper.object} {paper.record}"
                return Refused("NO_FILE", said, fix="Look whether the document can be printed there.")
            files = {"file": (name, content, _TYPES.get(paper.kind, "application/octet-stream"))}
            answer = self._client.send("POST", f"{ROOT}/{path}", files=files, repeatable=False)
        except VendorRefusal as refusal:
            return refused(refusal)
        [result] = results_of(answer, 1)
        return result

    @property
    def calls(self) -> int:
        """API calls made so far, those for papers among them."""
        return self._client.calls + (self.papers.calls if self.papers else 0)

    def close(self) -> None:
        """Release the connections."""
        if self.papers:
            self.papers.close()
        super().close()
