import subprocess

from paperlib.storage.digests import content_hash, overall_digest


def test_the_hash_depends_on_the_content_alone():
    assert content_hash({"a": 1, "b": [2]}) == content_hash({"b": [2], "a": 1})
    assert content_hash({"a": 1}) != content_hash({"a": 2})


def test_anybody_can_compute_the_digest_of_all_records(tmp_path):
    for folder in ("a/records", "b/records"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "x.json").write_text('{"seed": 1}')
    (tmp_path / "a" / "records" / "Y.json").write_text('{"seed": 2}')
    found = overall_digest(tmp_path, ["b/records", "a/records"])
    command = "cd $0 && LC_ALL=C sha256sum a/records/*.json b/records/*.json | sha256sum"
    shell = subprocess.run(["sh", "-c", f"export LC_ALL=C; {command}", tmp_path], capture_output=True, text=True)
    assert found == (shell.stdout.split()[0], 3)
    (tmp_path / "b" / "records" / "x.json").write_text("{}")
    assert overall_digest(tmp_path, ["a/records", "b/records"])[0] != found[0]
