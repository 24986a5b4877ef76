"""How one is stored."""

from datetime import datetime

from sqlalchemy import BigInteger, DateTime, Identity, Index, Text, func
from sqlalchemy.orm import Mapped, mapped_column

from ..chassis.database import Base

LONGEST_TEXT = 10_000


class {{ cookiecutter.__resource_class }}(Base):
    """A text that a user wrote."""

    __tablename__ = "{{ cookiecutter.resource_plural }}"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    username: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    timestamp: Mapped[datetime] = mapped_column(
        DateTime(timezone=True),
        server_default=func.now(),
    )

    # A user's own, newest first, is one walk along this index. The index for the search is in the
    # migration alone: it needs an extension that not every server offers.
    __table_args__ = (Index("ix_{{ cookiecutter.resource_plural }}_username_id", "username", "id"),)
