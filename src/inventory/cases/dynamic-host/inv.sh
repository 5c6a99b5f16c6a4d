#!/bin/sh
case $1 in
--list) echo '{"web": {"hosts": ["w1", "w2", "w3"]}, "top": {"children": ["web"], "vars": {"v": true}}}' ;;
--host)
  if [ "$2" = w3 ]; then echo '{}'; else echo "{\"me\": \"$2\"}"; fi
  ;;
esac
