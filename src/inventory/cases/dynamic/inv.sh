#!/bin/sh
[ "$1" = --list ] || exit 9
echo 'a word on stderr' >&2
cat <<'JSON'
{"web": ["w1", "w2"], "db": {"hosts": ["d1", "w1"], "vars": {"port": 5432}, "children": ["replica"]},
 "replica": {"hosts": ["d2"]}, "short": {"only": "vars"}, "all": {"vars": {"dc": "x"}},
 "_meta": {"hostvars": {"w1": {"a": "q\"uote \u00fc {{ x }}"}, "d2": {"list": [1, 2.5, null]}, "unknown": {"x": 1}}}}
JSON
