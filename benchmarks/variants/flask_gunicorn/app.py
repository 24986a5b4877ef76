"""Plain Flask and Flask-SQLAlchemy: `jsonify` of dictionaries made from objects."""

import os
from functools import wraps
from pathlib import Path

import jwt
from flask import Flask, abort, g, jsonify, request
from flask_sqlalchemy import SQLAlchemy

KEY = Path(os.environ["PUBLIC_KEY"]).read_text()

app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = os.environ["DATABASE_URL"].replace(
    "postgresql://", "postgresql+psycopg2://"
)
app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {"connect_args": {"options": "-c timezone=UTC"}}
db = SQLAlchemy(app)


class Thought(db.Model):
    __tablename__ = "thoughts"

    id = db.Column(db.BigInteger, primary_key=True)
    username = db.Column(db.Text, nullable=False)
    text = db.Column(db.Text, nullable=False)
    timestamp = db.Column(db.DateTime(timezone=True), server_default=db.func.now())

    def as_dict(self):
        return {
            "id": self.id,
            "username": self.username,
            "text": self.text,
            "timestamp": self.timestamp.isoformat(),
        }


def token_required(view):
    @wraps(view)
    def checked(*args, **kwargs):
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        try:
            claims = jwt.decode(token, KEY, algorithms=["RS256"], options={"verify_aud": False})
        except jwt.PyJWTError:
            abort(401)
        g.username = claims["username"]
        return view(*args, **kwargs)

    return checked


@app.get("/health/live")
def live():
    return jsonify(status="ok")


@app.get("/api/thoughts/")
def list_all():
    search = request.args.get("search", "")
    found = db.select(Thought)
    if search:
        found = found.where(Thought.text.ilike(f"%{search}%"))
    return page(found, f"search={search}&" if search else "")


@app.get("/api/me/thoughts/")
@token_required
def list_own():
    return page(db.select(Thought).where(Thought.username == g.username), "")


@app.post("/api/me/thoughts/")
@token_required
def write():
    new = Thought(username=g.username, text=request.get_json()["text"])
    db.session.add(new)
    db.session.commit()
    return jsonify(new.as_dict()), 201


def page(found, parameters):
    newest = found.order_by(Thought.id.desc())
    rows = db.session.scalars(newest.limit(21)).all()
    shown = rows[:20]
    link = f'<{request.path}?{parameters}limit=20>; rel="first"'
    if len(rows) > 20:
        link += f', <{request.path}?{parameters}limit=20&before={shown[-1].id}>; rel="next"'
    return jsonify([row.as_dict() for row in shown]), 200, {"Link": link}
