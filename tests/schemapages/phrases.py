"""The words of the pages that are the same on each, in both languages."""

from __future__ import annotations

from typing import Final

LANGUAGES: Final = ("en", "fr")

_PHRASES: Final[dict[str, tuple[str, str]]] = {
    "other": ("*En français : [{name}]({name})*", "*In English: [{name}]({name})*"),
    "written": (
        "Written by `make docs` from `schemas/`; a test compares. Change the schema, not this page.",
        "Écrit par `make docs` d'après `schemas/` ; un test compare. Changez le schéma, pas cette page.",
    ),
    "colon": (": ", " : "),
    "issued-by": ("Who issues it", "Qui le publie"),
    "read-by": ("Who receives it", "Qui le reçoit"),
    "tier": ("How far it may go", "Jusqu'où il peut aller"),
    "tier-by-member": ("{tiers}, by member", "{tiers}, selon le membre"),
    "erasable": ("Can be erased", "Peut être effacé"),
    "erasable-yes": ("yes: its schema is personal", "oui : son schéma est personnel"),
    "erasable-no": ("no", "non"),
    "schema": ("Schema", "Schéma"),
    "fill-in": ("What must be filled in", "Ce qu'il faut remplir"),
    "fill-in-none": ("Nothing beyond the header.", "Rien de plus que l'en-tête."),
    "where": ("where `{member}` is `{value}`", "si `{member}` vaut `{value}`"),
    "where-public": ("where the record is public", "si l'acte est public"),
    "must-not": ("must not stand there", "ne doit pas y figurer"),
    "must": ("is needed", "est nécessaire"),
    "names-no": ("names no {types}", "ne nomme aucun acte {types}"),
    "none-of": ("is none of {values}", "n'est aucun de {values}"),
    "not-like": ("is not of the form {pattern}", "n'est pas de la forme {pattern}"),
    "also": ("And: {rules}.", "Et : {rules}."),
    "joined": ("; ", " ; "),
    "example": ("An example to copy", "Un exemple à copier"),
    "examples": ("Examples to copy", "Des exemples à copier"),
    "example-of": (
        "The `body` of [{name}]({path}); the node writes the header and signs.",
        "Le `body` de [{name}]({path}) ; le nœud écrit l'en-tête et signe.",
    ),
    "example-cut": (
        "Texts ending in `…` are cut for this page.",
        "Les textes qui finissent par `…` sont coupés pour cette page.",
    ),
    "members": ("Every member", "Tous les membres"),
    "members-intro": (
        (
            "Each line: the member of `body`, whether it must be there, what is written there, "
            "how far it may go ([tiers](README.md#tiers)). Types such as [line](common.md#line) are those of "
            "[common.md](common.md)."
        ),
        (
            "Chaque ligne : le membre de `body`, s'il doit y être, ce qu'on y écrit, jusqu'où il peut aller "
            "([niveaux](README.fr.md#niveaux)). Les types comme [line](common.fr.md#line) sont ceux de "
            "[common.fr.md](common.fr.md)."
        ),
    ),
    "part": ("Where `part` is `{value}`", "Si `part` vaut `{value}`"),
    "required": ("**required**", "**obligatoire**"),
    "stays": ("stays in the stub", "reste dans la souche"),
    "codes": ("Codes that are allowed", "Les codes permis"),
    "codes-intro": (
        "With their words in [codes.md](codes.md). *Open*: an author may use codes of its own.",
        "Avec leurs mots dans [codes.fr.md](codes.fr.md). *Ouverte* : l'auteur peut employer ses propres codes.",
    ),
    "open": ("open", "ouverte"),
    "closed": ("closed", "fermée"),
    "wrong": ("When something is wrong", "Quand quelque chose ne va pas"),
    "wrong-form": (
        (
            "**The form.** What breaks the schema is `schema.violation`, with the place and the rule. The author's "
            "own node refuses to publish it; a partner's node quarantines it and answers with a "
            "[rejection](rejection.md). The folder [{name}]({path}) holds {count} records that break one "
            "rule each:"
        ),
        (
            "**La forme.** Ce qui enfreint le schéma est `schema.violation`, avec l'endroit et la règle. Le nœud "
            "de l'auteur refuse de le publier ; celui d'un partenaire le met en quarantaine et répond par un "
            "acte [rejection](rejection.fr.md). Le dossier [{name}]({path}) contient {count} actes qui "
            "enfreignent une règle chacun :"
        ),
    ),
    "wrong-rules": (
        (
            "**The rules of the exchange.** Chapters [11](../../../spec/11-fold.md) and "
            "[17](../../../spec/17-joint-facts.md) judge the record together with those that stand before it; what "
            "state it is then in says chapter [18](../../../spec/18-states-and-figures.md). What staff read, and what "
            "follows:"
        ),
        (
            "**Les règles de l'échange.** Les chapitres [11](../../../spec/11-fold.md) et "
            "[17](../../../spec/17-joint-facts.md) jugent l'acte avec ceux qui le précèdent ; son état est alors "
            "celui du chapitre [18](../../../spec/18-states-and-figures.md). Ce que lit le personnel, et ce qui "
            "s'ensuit :"
        ),
    ),
    "wrong-all": (
        "Codes that any record can meet are in [README.md](README.md#codes-that-any-record-can-meet).",
        (
            "Les codes que tout acte peut rencontrer sont dans "
            "[README.fr.md](README.fr.md#les-codes-que-tout-acte-peut-rencontrer)."
        ),
    ),
    "code": ("code", "code"),
    "sentence": ("what staff read", "ce que lit le personnel"),
    "follows": ("what follows", "ce qui s'ensuit"),
    # --- types of values
    "integer": ("whole number", "nombre entier"),
    "boolean": ("`true` or `false`", "`true` ou `false`"),
    "object": ("object", "objet"),
    "map": ("object by name", "objet par nom"),
    "text": ("text", "texte"),
    "text-like": ("text `{pattern}`", "texte `{pattern}`"),
    "array": ("list of {items}", "liste de {items}"),
    "or": (" or ", " ou "),
    "only": ("always `{value}`", "toujours `{value}`"),
    "code-of": ("code of [{name}]({page}#{name})", "code de [{name}]({page}#{name})"),
    "between": ("{least} to {most}", "de {least} à {most}"),
    "characters": ("at most {most} characters", "au plus {most} caractères"),
    "exactly": ("{most} characters", "{most} caractères"),
    "count": ("{least} to {most}", "{least} à {most}"),
    "distinct": ("no two alike", "tous différents"),
    "members-count": ("{least} to {most} members", "{least} à {most} membres"),
    "members-some": ("at least one member", "au moins un membre"),
    "members-one": ("exactly one member", "exactement un membre"),
    "names-like": ("names: {like}", "noms : {like}"),
    # --- common.md
    "common-title": ("What records share", "Ce que les actes ont en commun"),
    "header": ("Header", "En-tête"),
    "header-intro": (
        (
            "Every record begins with these members. The node writes them; only `audience` and `body` are a "
            "person's business. Chapter [04](../../../spec/04-records.md) is the law."
        ),
        (
            "Tout acte commence par ces membres. Le nœud les écrit ; seuls `audience` et `body` sont l'affaire "
            "d'une personne. Le chapitre [04](../../../spec/04-records.md) fait loi."
        ),
    ),
    "header-rule-first": (
        "`previous` stands exactly in a later version, `seen` exactly in a record that is addressed.",
        "`previous` figure exactement dans une version suivante, `seen` exactement dans un acte adressé.",
    ),
    "whole": ("A whole record", "Un acte entier"),
    "whole-of": (
        "[{name}]({path}). Its proof is well formed and does not verify.",
        "[{name}]({path}). Sa preuve est bien formée et ne se vérifie pas.",
    ),
    "texts": ("Texts and numbers", "Textes et nombres"),
    "texts-intro": (
        (
            "`^` and `$` are the ends of the text. Taken and refused examples are those of "
            "[values.json](../../../schemas/samples/values.json)."
        ),
        (
            "`^` et `$` sont les bouts du texte. Les exemples pris et refusés sont ceux de "
            "[values.json](../../../schemas/samples/values.json)."
        ),
    ),
    "objects": ("Objects and lists", "Objets et listes"),
    "taken": ("taken", "pris"),
    "refused": ("refused", "refusés"),
    "pattern": ("pattern", "motif"),
    "pattern-long": (
        "{count} characters, in [common.json](../../../schemas/common.json)",
        "{count} caractères, dans [common.json](../../../schemas/common.json)",
    ),
    "stub": ("Stub of an erased record", "Souche d'un acte effacé"),
    "stub-intro": (
        (
            "What a node keeps of a record that was erased: local, signed by nobody, never published "
            "([stub.json](../../../schemas/stub.json))."
        ),
        (
            "Ce qu'un nœud garde d'un acte effacé : local, signé par personne, jamais publié "
            "([stub.json](../../../schemas/stub.json))."
        ),
    ),
    # --- codes.md
    "codes-title": ("Code lists", "Listes de codes"),
    "codes-page-intro": (
        (
            "A member that takes a code names its list in the schema by `x-codes`. Writers use codes of the list, "
            "or codes of their own where the list is *open*. Readers keep a code that they do not know and show it "
            "as it stands: lists grow without a new schema."
        ),
        (
            "Un membre qui prend un code nomme sa liste dans le schéma par `x-codes`. Qui écrit emploie les codes "
            "de la liste, ou ses propres codes si la liste est *ouverte*. Qui lit garde un code qu'il ne connaît "
            "pas et le montre tel quel : une liste grandit sans nouveau schéma."
        ),
    ),
    "list-of": ("Lists: {lists}.", "Listes : {lists}."),
    "used-by": ("Used by {members}.", "Employée par {members}."),
    "used-by-none": ("Used by no schema yet.", "Aucun schéma ne l'emploie encore."),
    "list-kind": ("{title}, {kind}.", "{title}, {kind}."),
    "list-code": ("code", "code"),
    "list-words-en": ("in English", "en anglais"),
    "list-words-fr": ("in French", "en français"),
    "list-words-es": ("in Spanish", "en espagnol"),
    "list-words-pt": ("in Portuguese", "en portugais"),
    "list-words-ar": ("in Arabic", "en arabe"),
    # --- index
    "index-title": ("Records, type by type", "Les actes, type par type"),
    "index-intro": (
        (
            "A record is one signed JSON object by one agency. For each type: what it is for, who issues and "
            "receives it, what must be filled in, an example to copy, which codes are allowed, what happens when "
            "it is wrong. The schemas themselves are in [schemas/](../../../schemas/README.md), the law in "
            "[spec/04-records.md](../../../spec/04-records.md)."
        ),
        (
            "Un acte est un objet JSON signé par une agence. Pour chaque type : à quoi il sert, qui le publie et "
            "qui le reçoit, ce qu'il faut remplir, un exemple à copier, les codes permis, ce qui arrive quand il "
            "est mal rempli. Les schémas eux-mêmes sont dans [schemas/](../../../schemas/README.md), la loi dans "
            "[spec/04-records.md](../../../spec/04-records.md)."
        ),
    ),
    "types": ("Types", "Types"),
    "type": ("type", "type"),
    "what": ("what it is", "ce que c'est"),
    "tiers-column": ("tiers", "niveaux"),
    "shared-pages": (
        "Shared by all: [header, value types, stub](common.md) and [code lists](codes.md).",
        "Communs à tous : [en-tête, types de valeurs, souche](common.fr.md) et [listes de codes](codes.fr.md).",
    ),
    "papers": ("Documents that are no records", "Documents qui ne sont pas des actes"),
    "papers-intro": (
        "They stand in no feed: the volunteer carries them. Chapter [24](../../../spec/24-certificates.md) is the law.",
        (
            "Ils ne sont dans aucun fil : la personne volontaire les porte. Le chapitre "
            "[24](../../../spec/24-certificates.md) fait loi."
        ),
    ),
    "paper": ("document", "document"),
    "signed-by": ("Who signs it", "Qui le signe"),
    "held-by": ("Who has it", "Qui le détient"),
    "law": ("Law", "Loi"),
    "paper-example": (
        "Of [certificates.json]({path}): its signature verifies, person and service are invented.",
        "De [certificates.json]({path}) : sa signature se vérifie, la personne et le service sont inventés.",
    ),
    "paper-members": (
        (
            "Each line: the member, whether it must be there, what is written there. Types such as "
            "[time](common.md#time) are those of [common.md](common.md)."
        ),
        (
            "Chaque ligne : le membre, s'il doit y être, ce qu'on y écrit. Les types comme "
            "[time](common.fr.md#time) sont ceux de [common.fr.md](common.fr.md)."
        ),
    ),
    "paper-wrong": (
        (
            "What breaks the form is `certificate.malformed`. What else a reader checks, in which order and with "
            "which codes, stands in chapter [24](../../../spec/24-certificates.md), with cases of each in "
            "[certificates.json]({path}). [verify.html](../../auditor/README.md) does all of it offline; what an "
            "agency revokes stands in [certificate-status](certificate-status.md). All record types: "
            "[README.md](README.md)."
        ),
        (
            "Ce qui enfreint la forme est `certificate.malformed`. Ce que vérifie encore qui lit, dans quel ordre et "
            "avec quels codes, est dans le chapitre [24](../../../spec/24-certificates.md), avec des cas de chacun "
            "dans [certificates.json]({path}). [verify.html](../../auditor/README.md) fait tout cela hors ligne ; ce "
            "qu'une agence révoque est dans [certificate-status](certificate-status.fr.md). Tous les types d'actes : "
            "[README.fr.md](README.fr.md)."
        ),
    ),
    "tiers": ("Tiers", "Niveaux"),
    "tiers-intro": (
        (
            "`x-tier` in a schema is the widest circle that a member may reach; of a type without it on its "
            "members, it stands at the top. A member inside another has that one's tier where it has none of its own."
        ),
        (
            "`x-tier` dans un schéma est le cercle le plus large qu'un membre peut atteindre ; pour un type qui "
            "n'en a pas sur ses membres, il figure en tête. Un membre dans un autre a son niveau s'il n'en a pas "
            "à lui."
        ),
    ),
    "tier-code": ("tier", "niveau"),
    "any-record": ("Codes that any record can meet", "Les codes que tout acte peut rencontrer"),
    "any-record-intro": (
        (
            "Besides those of its type. What is wrong in the bytes themselves has a code of its own (`json.…`). "
            "All codes are in the registry, [spec/12-codes.md](../../../spec/12-codes.md)."
        ),
        (
            "Outre ceux de son type. Ce qui ne va pas dans les octets mêmes a son propre code (`json.…`). Tous "
            "les codes sont dans le registre, [spec/12-codes.md](../../../spec/12-codes.md)."
        ),
    ),
    "following": (
        (
            "*Quarantined*: the leaf counts in the tree, the record reaches nobody. *Blocked*: kept and shown, "
            "never counts. *Waiting*, *pending*, *held*: until something comes, or a time. *Told*: to the author's "
            "own user only."
        ),
        (
            "*En quarantaine* : la feuille compte dans l'arbre, l'acte n'atteint personne. *Bloqué* : gardé et "
            "montré, ne compte jamais. *En attente*, *retenu* : jusqu'à ce que quelque chose arrive, ou une heure. "
            "*Dit* : à l'utilisateur de l'auteur seulement."
        ),
    ),
}

_FOLLOWS: Final = {
    "blocked": "bloqué",
    "waiting": "en attente",
    "quarantined": "en quarantaine",
    "quarantined; of our own records told": "en quarantaine ; de nos propres actes, dit",
    "pending": "en attente",
    "held": "retenu",
    "told": "dit",
    "blocked, told": "bloqué, dit",
}


class Phrases:
    """The words of one language: ``phrases("where", member="status", value="done")``.

    Args:
        language: ``en`` or ``fr``; also attribute.
    """

    def __init__(self, language: str) -> None:
        self.language: Final = language

    def __call__(self, key: str, /, **values: object) -> str:
        """A phrase with its values put in."""
        return _PHRASES[key][LANGUAGES.index(self.language)].format(**values)

    def page(self, name: str) -> str:
        """The file of a page: ``offer.md``, in French ``offer.fr.md``."""
        return f"{name}.md" if self.language == "en" else f"{name}.fr.md"

    def other(self, name: str) -> str:
        """The line that leads to the same page in the other language."""
        other = Phrases("fr" if self.language == "en" else "en")
        return self("other", name=other.page(name))

    def follows(self, text: str) -> str:
        """What follows for a record, as the registry has it."""
        return text if self.language == "en" else _FOLLOWS[text]

    def number(self, value: int) -> str:
        """A whole number with its thousands apart; the largest of the JSON profile by its name."""
        separator = "," if self.language == "en" else "\N{NARROW NO-BREAK SPACE}"
        return f"{value:,}".replace(",", separator) if value < 2**53 - 1 else "2^53 - 1"
