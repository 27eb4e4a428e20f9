import pandas as pd

from paperlib.pages import text_tables


def test_sentences_are_whole_and_numbers_rounded():
    long = "a sentence of more than fifty characters, < and & in it, which pandas would cut off"
    shown = text_tables.show(pd.DataFrame({"claim": [long, None], "ours": [1.23456, float("nan")]})).data
    assert long.replace("&", "&amp;").replace("<", "&lt;") in shown and "..." not in shown
    assert "<td>1.23</td>" in shown and shown.count("<td>–</td>") == 1
