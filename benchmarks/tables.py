"""Fills a running service's database, so that what is searched for is there equally often."""

from dataclasses import dataclass
from typing import Any

import psycopg2  # type: ignore[import-untyped]

from tasks.running_service import RunningService

RARE, PAST, FREQUENT = "aardvark", "blue moon", "coffee"
"""What is searched for: a few rows anywhere have it, the oldest rows, every tenth row."""

WORST = "a" * 199 + "b"
"""What costs LIKE the most to search for, in texts of `a`: all of it is compared at each letter."""

OWN_ROWS, RARE_ROWS, PAST_ROWS, LONG_ROWS = 200, 50, 1000, 400
"""How many rows are Ada's, have the texts, and are of 10,000 `a`: the same in every table."""

FILL = """
INSERT INTO {table} (username, text)
SELECT
    CASE WHEN n %% (%(rows)s / %(own_rows)s) = 0 THEN 'ada' ELSE 'user' || n %% 1000 END,
    'Number ' || n || ' is about '
    || (ARRAY[%(frequent)s, 'rain', 'music', 'a long walk', 'the sea',
              'trains', 'old books', 'winter', 'bread', 'a good idea'])[1 + n %% 10]
    || CASE WHEN n %% (%(rows)s / %(rare_rows)s) = 1 THEN ' and an ' || %(rare)s ELSE '' END
    || CASE WHEN n <= %(past_rows)s THEN ', once in a ' || %(past)s ELSE '' END
    || CASE WHEN n <= %(long_rows)s THEN repeat('a', 9900) ELSE '' END
    || ': ' || md5(n::text)
FROM generate_series(1, %(rows)s) AS n
"""


@dataclass
class Table:
    """The table of a running service, with a number of rows."""

    service: RunningService
    rows: int

    def fill(self) -> None:
        """Write the rows. The index for the search is made after, which is several times faster."""
        definition = self._search_index()
        self.drop_search_index()
        values = {"rows": self.rows, "own_rows": OWN_ROWS}
        values |= {"rare_rows": RARE_ROWS, "past_rows": PAST_ROWS, "long_rows": LONG_ROWS}
        texts = {"rare": RARE, "past": PAST, "frequent": FREQUENT}
        self._run(FILL.format(table=self._name), values | texts)
        if definition:
            self._run(definition)
        self._run(f"VACUUM ANALYZE {self._name}")

    def has_search_index(self) -> bool:
        """Whether its server offers the index that the migration makes for the search."""
        return bool(self._search_index())

    def drop_search_index(self) -> None:
        """Take the index away, to see what it is worth."""
        self._run(f"DROP INDEX IF EXISTS ix_{self.service.resources}_text_trgm")

    def remove_rows_of(self, username: str) -> None:
        """Remove what a user has written, and what that leaves behind."""
        delete = f"DELETE FROM {self._name} WHERE username = %s"  # noqa: S608 - the name is ours
        self._run(delete, (username,))
        self._run(f"VACUUM {self._name}")

    def server_version(self) -> str:
        """Return the version of its PostgreSQL."""
        return str(self._run("SHOW server_version")[0][0])

    @property
    def _name(self) -> str:
        return f'"{self.service.resources}"'

    def _search_index(self) -> str:
        name = f"ix_{self.service.resources}_text_trgm"
        found = self._run("SELECT indexdef FROM pg_indexes WHERE indexname = %s", (name,))
        return str(found[0][0]) if found else ""

    def _run(self, statement: str, values: Any = None) -> list[tuple[Any, ...]]:
        connection = psycopg2.connect(self.service.database)
        connection.autocommit = True  # VACUUM runs in no transaction
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement, values)
                return list(cursor.fetchall()) if cursor.description else []
        finally:
            connection.close()
