"""The operator's page: what time it is at the firm, what is wrong, and buttons to break and to mend."""

from __future__ import annotations

from html import escape

from sandbox.living.clock import Clock
from sandbox.living.faults import KINDS, Fault
from sandbox.living.firm import Firm
from sandbox.living.system import LivingSystem

_STYLE = """
:root{color-scheme:light dark;--line:color-mix(in srgb,currentColor 18%,transparent)}
body{font:15px/1.5 system-ui,sans-serif;margin:0 auto;max-width:68rem;padding:1.5rem 1rem 4rem}
h1{font-size:1.35rem;margin:0 0 .25rem}
h2{font-size:1rem;margin:2rem 0 .5rem}
p{margin:.2rem 0}
.quiet{opacity:.7}
table{border-collapse:collapse;width:100%}
td,th{border-top:1px solid var(--line);padding:.4rem .5rem;text-align:left;vertical-align:top}
th{font-weight:600}
form{display:inline-flex;gap:.4rem;flex-wrap:wrap}
button,select{font:inherit;padding:.25rem .7rem}
.up::before{content:"● ";color:#16803c}
.down::before{content:"■ ";color:#c02626}
.throttled::before{content:"▲ ";color:#b45309}
@media(max-width:40rem){
  tr,td,th{display:block;border:0;padding:.1rem 0}
  tr{border-top:1px solid var(--line);padding:.5rem 0}
}
"""


def page(firm: Firm, clock: Clock) -> str:
    """The page as HTML."""
    now = clock.now()
    open_ = [fault for fault in firm.faults.all if fault.repaired_at is None]
    systems = " &nbsp; ".join(
        f'<span class="{_state(one)}">{name}</span>' for name, one in firm.systems.items()
    )
    return f"""<!doctype html><html lang="en"><meta charset="utf-8"><title>Simulated firm</title>
<meta name="viewport" content="width=device-width,initial-scale=1"><style>{_STYLE}</style>
<h1>The simulated firm</h1>
<p>It is <b>{now:%A %Y-%m-%d %H:%M}</b> UTC there, and time goes {clock.speed:g} times as fast as here.
<span class="quiet">{len(firm.engagements)} engagements, {firm.hub.delivered} messages delivered,
{len(firm.hub.messages)} under way or stuck. <a href="/truth">What must be found now</a>.</span></p>
<p>{systems}</p>
<p>{_skip("an hour", 1)} {_skip("a day", 24)} {_skip("three days", 72)}</p>
<h2>Break something</h2><div class="wide"><table>{"".join(_kind(kind) for kind in KINDS)}</table></div>
<h2>What is broken ({len(open_)})</h2>{_faults(open_)}
</html>"""


def _state(system: LivingSystem) -> str:
    return "down" if system.api.down else "throttled" if system.api.storm else "up"


def _skip(words: str, hours: int) -> str:
    hidden = f'<input type="hidden" name="hours" value="{hours}">'
    return f'<form method="post" action="/skip">{hidden}<button>Go {words} ahead</button></form>'


def _kind(kind: str) -> str:
    what, targets = KINDS[kind]
    options = "".join(f"<option>{escape(one)}</option>" for one in dict.fromkeys(targets))
    return (
        f"<tr><th>{escape(kind.replace('_', ' '))}</th><td>{escape(what)}</td><td>"
        f'<form method="post" action="/faults"><input type="hidden" name="kind" value="{kind}">'
        f'<select name="target" aria-label="target of {kind}">{options}</select><button>Break</button>'
        "</form></td></tr>"
    )


def _faults(faults: list[Fault]) -> str:
    if not faults:
        return '<p class="quiet">Nothing: everything works as it should.</p>'
    head = "<tr><th>fault</th><th>where</th><th>since</th><th>what it hit</th><th></th></tr>"
    return f'<div class="wide"><table>{head}{"".join(_fault(one) for one in reversed(faults))}</table></div>'


def _fault(fault: Fault) -> str:
    hit = " ".join(fault.hit.values()) if fault.hit else "waits for the next one"
    by = "" if fault.planted else ' <span class="quiet">(life itself)</span>'
    return (
        f"<tr><td>{escape(fault.kind.replace('_', ' '))}{by}</td><td>{escape(fault.target)}</td>"
        f"<td>{fault.at:%a %m-%d %H:%M}</td><td>{escape(hit)}</td>"
        f'<td><form method="post" action="/faults/{fault.id}/repair"><button>Repair</button></form></td></tr>'
    )
