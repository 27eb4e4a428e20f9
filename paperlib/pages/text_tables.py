"""Tables with sentences in their cells, as notebooks show them."""

import pandas as pd
from IPython.display import HTML

# thead: as specific as what pandas says of all tables on a page.
_STYLE = (
    "<style>.sentences thead th, .sentences td { text-align: left; vertical-align: top; white-space: normal; }</style>"
)


def show(table: pd.DataFrame, digits: int = 2) -> HTML:
    """A table whose texts are whole, in several lines: pandas cuts them off after 50 characters.

    Numbers have `digits` after the point; a missing value is a dash.
    """
    with pd.option_context("display.max_colwidth", None):
        return HTML(
            _STYLE + table.round(digits).to_html(index=False, na_rep="–", classes="sentences", border=0, justify="left")
        )
