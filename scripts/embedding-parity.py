#!/usr/bin/env python3
"""Writes the fixtures that EmbeddingTests compares the embedder with, from an implementation that shares nothing with it:
the `tokenizers` package for the ids, numpy in double precision for the model.

    pip install --target /tmp/reference numpy tokenizers
    PYTHONPATH=/tmp/reference scripts/embedding-parity.py MODEL_DIRECTORY

Reads  Tests/EmbeddingTests/Fixtures/sentences.json (an array of texts)
Writes Tests/EmbeddingTests/Fixtures/parity.jsonl (per text: ids, and the vector as base64 of 384 float16)
       Tests/EmbeddingTests/Fixtures/scalar-classes.txt (what the tokeniser does with every character, as runs)

With sentence-transformers installed, `--check` compares the reference with that package as well and writes nothing."""
import base64
import itertools
import json
import math
import os
import struct
import sys

import numpy
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

FIXTURES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "Tests", "EmbeddingTests", "Fixtures")
TOKENS_MAX = 256


def tokenizer(vocabulary):
    """Without added tokens: "[SEP]" in a text is text."""
    result = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]", max_input_chars_per_word=100))
    result.normalizer = normalizers.BertNormalizer(
        clean_text=True, handle_chinese_chars=True, strip_accents=None, lowercase=True)
    result.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return result


def load_tensors(path):
    with open(path, "rb") as file:
        data = file.read()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    tensors = {}
    for name, entry in header.items():
        if name != "__metadata__" and entry["dtype"] == "F32":
            begin, end = (8 + length + offset for offset in entry["data_offsets"])
            tensors[name] = numpy.frombuffer(data[begin:end], "<f4").reshape(entry["shape"]).astype(numpy.float64)
    return tensors


class Model:
    def __init__(self, tensors):
        self.tensors = tensors
        self.erf = numpy.vectorize(math.erf)

    def linear(self, name, x):
        return x @ self.tensors[name + ".weight"].T + self.tensors[name + ".bias"]

    def norm(self, name, x):
        x = x - x.mean(axis=-1, keepdims=True)
        x = x / numpy.sqrt((x * x).mean(axis=-1, keepdims=True) + 1e-12)
        return x * self.tensors[name + ".weight"] + self.tensors[name + ".bias"]

    def attention(self, name, x):
        split = lambda part: self.linear(f"{name}.self.{part}", x).reshape(len(x), 12, 32).transpose(1, 0, 2)
        query, key, value = split("query"), split("key"), split("value")
        scores = query @ key.transpose(0, 2, 1) / math.sqrt(32)
        scores = numpy.exp(scores - scores.max(axis=-1, keepdims=True))
        scores /= scores.sum(axis=-1, keepdims=True)
        joined = (scores @ value).transpose(1, 0, 2).reshape(len(x), 384)
        return self.norm(f"{name}.output.LayerNorm", x + self.linear(f"{name}.output.dense", joined))

    def embed(self, ids):
        table = "embeddings."
        x = self.tensors[table + "word_embeddings.weight"][ids]
        x = x + self.tensors[table + "position_embeddings.weight"][: len(ids)]
        x = x + self.tensors[table + "token_type_embeddings.weight"][0]
        x = self.norm("embeddings.LayerNorm", x)
        for layer in range(6):
            name = f"encoder.layer.{layer}"
            x = self.attention(name + ".attention", x)
            inner = self.linear(name + ".intermediate.dense", x)
            inner = 0.5 * inner * (1 + self.erf(inner / math.sqrt(2)))
            x = self.norm(name + ".output.LayerNorm", x + self.linear(name + ".output.dense", inner))
        mean = x.mean(axis=0)
        return mean / max(numpy.linalg.norm(mean), 1e-12)


def scalar_classes():
    """A word with the character inside tells all: the vocabulary knows nothing but `a`, `b` and `ab`."""
    tokens = tokenizer({"[UNK]": 0, "ab": 1, "a": 2, "b": 3})
    names = {(1,): "dropped", (2, 3): "space", (2, 0, 3): "apart", (0,): "kept"}
    values = [value for value in range(1, 0x110000) if not 0xD800 <= value < 0xE000]
    found = (tuple(encoding.ids) for encoding in tokens.encode_batch([f"a{chr(value)}b" for value in values]))
    # `a` and `b` themselves and what folds to them make words of their own kind; they count as kept.
    pairs = ((names.get(ids, "kept"), value) for ids, value in zip(found, values))
    for name, run in itertools.groupby(pairs, key=lambda pair: pair[0]):
        yield f"{next(run)[1]:x} {name}"


def main():
    arguments = [argument for argument in sys.argv[1:] if argument != "--check"]
    if len(arguments) != 1:
        sys.exit(__doc__)
    directory = arguments[0]
    with open(os.path.join(directory, "vocab.txt"), encoding="utf-8", newline="\n") as file:
        vocabulary = {line.rstrip("\n"): index for index, line in enumerate(file)}
    with open(os.path.join(FIXTURES, "sentences.json"), encoding="utf-8") as file:
        sentences = json.load(file)
    tokens = tokenizer(vocabulary)
    model = Model(load_tensors(os.path.join(directory, "model.safetensors")))
    rows = []
    for sentence in sentences:
        ids = tokens.encode(sentence).ids[: TOKENS_MAX - 2]
        ids = [vocabulary["[CLS]"], *ids, vocabulary["[SEP]"]]
        rows.append((ids, model.embed(ids)))

    if "--check" in sys.argv:
        from sentence_transformers import SentenceTransformer

        package = SentenceTransformer(directory, device="cpu")
        # It takes "[SEP]" in a text for the token, which the embedder does not, on purpose.
        plain = [i for i, sentence in enumerate(sentences) if "[" not in sentence]
        vectors = package.encode([sentences[i] for i in plain], normalize_embeddings=True)
        print("least cosine to sentence-transformers:", min(float(rows[i][1] @ v) for i, v in zip(plain, vectors)))
        return
    with open(os.path.join(FIXTURES, "parity.jsonl"), "w", encoding="ascii") as file:
        for ids, vector in rows:
            packed = base64.b64encode(vector.astype("<f2").tobytes()).decode()
            file.write(json.dumps({"ids": ids, "vector": packed}, separators=(",", ":")) + "\n")
    with open(os.path.join(FIXTURES, "scalar-classes.txt"), "w", encoding="ascii") as file:
        file.write("\n".join(scalar_classes()) + "\n")


main()
