"""Flask-RESTX and Flask-SQLAlchemy as their documentation has it: objects, marshalled by fields."""

import os
from pathlib import Path

import jwt
from flask import Flask, g, request
from flask_restx import Api, Resource, abort, fields, reqparse
from flask_sqlalchemy import SQLAlchemy

KEY = Path(os.environ["PUBLIC_KEY"]).read_text()

app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = os.environ["DATABASE_URL"].replace(
    "postgresql://", "postgresql+psycopg2://"
)
app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {"connect_args": {"options": "-c timezone=UTC"}}
db = SQLAlchemy(app)
api = Api(app)


class Thought(db.Model):
    __tablename__ = "thoughts"

    id = db.Column(db.BigInteger, primary_key=True)
    username = db.Column(db.Text, nullable=False)
    text = db.Column(db.Text, nullable=False)
    timestamp = db.Column(db.DateTime(timezone=True), server_default=db.func.now())


thought = api.model(
    "Thought",
    {
        "id": fields.Integer,
        "username": fields.String,
        "text": fields.String,
        "timestamp": fields.DateTime,
    },
)

body = reqparse.RequestParser()
body.add_argument("text", required=True, location="json")
query = reqparse.RequestParser()
query.add_argument("search", default="", location="args")


def token_required(view):
    def checked(*args, **kwargs):
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        try:
            claims = jwt.decode(token, KEY, algorithms=["RS256"], options={"verify_aud": False})
        except jwt.PyJWTError:
            abort(401, "The token is not valid.")
        g.username = claims["username"]
        return view(*args, **kwargs)

    return checked


@api.route("/health/live")
class Live(Resource):
    def get(self):
        return {"status": "ok"}


@api.route("/api/thoughts/")
class Thoughts(Resource):
    @api.marshal_list_with(thought)
    def get(self):
        search = query.parse_args()["search"]
        found = Thought.query.filter(Thought.text.ilike(f"%{search}%")) if search else Thought.query
        return page(found, f"search={search}&" if search else "")


@api.route("/api/me/thoughts/")
class OwnThoughts(Resource):
    @token_required
    @api.marshal_list_with(thought)
    def get(self):
        return page(Thought.query.filter_by(username=g.username), "")

    @token_required
    @api.marshal_with(thought)
    def post(self):
        new = Thought(username=g.username, text=body.parse_args()["text"])
        db.session.add(new)
        db.session.commit()
        return new, 201


def page(found, parameters):
    newest = found.order_by(Thought.id.desc())
    rows = newest.limit(21).all()
    shown = rows[:20]
    link = f'<{request.path}?{parameters}limit=20>; rel="first"'
    if len(rows) > 20:
        link += f', <{request.path}?{parameters}limit=20&before={shown[-1].id}>; rel="next"'
    return shown, 200, {"Link": link}
