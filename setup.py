"""Which folders are which packages; everything else about the distribution stands in pyproject.toml.

The schemas, the examples and the rules of the law are read by people who have nothing to do with Python, so they
lie at the top of the tree. They are packages of the distribution all the same: ``importlib.resources`` finds them in a wheel and
in a development install alike.
"""

from setuptools import find_packages, setup

DATA_PACKAGES = {
    "passerelle.schemas": "schemas",
    "passerelle.examples": "examples",
    "passerelle.law": "spec",
}

setup(
    package_dir={"passerelle": "node/passerelle", **DATA_PACKAGES},
    packages=[*find_packages("node"), *DATA_PACKAGES],
    # Of the law a node needs the table of rules; its vectors are for whoever builds one.
    exclude_package_data={"passerelle.law": ["vectors/*", "vectors/**/*"]},
)
