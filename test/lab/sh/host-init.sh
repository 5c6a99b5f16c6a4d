#!/bin/sh
# The first process of a systemd host: shuts the machine's own settings off, then becomes systemd.
mount -a -T /usr/lib/kvmnet-lab/guard.fstab
exec /usr/lib/systemd/systemd
