"""How {{ cookiecutter.resource_plural|replace('_', ' ') }} are stored."""

from datetime import datetime

from flask_chassis.db.database import Base
from sqlalchemy import BigInteger, DateTime, Identity, Index, Text, func
from sqlalchemy.orm import Mapped, mapped_column


class {{ cookiecutter.__resource_class }}(Base):
    """{{ cookiecutter.__resource_article|capitalize }} {{ cookiecutter.resource_name|replace('_', ' ') }} of a user."""

    __tablename__ = "{{ cookiecutter.resource_plural }}"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    username: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    timestamp: Mapped[datetime] = mapped_column(
        DateTime(timezone=True),
        server_default=func.now(),
    )

    # A user's own, newest first, are read along this index. The index for the search is in the
    # migration alone: it needs an extension that not every server offers.
    __table_args__ = (Index("ix_{{ cookiecutter.resource_plural }}_username_id", "username", "id"),)
