#!/bin/sh
# Healthy when the node answers. DiStreamer's mode opens no status port: there a running program is all that can be seen.
set -eu

case "$(tr '\0' ' ' < /proc/1/cmdline)" in
  */distreamer\ *) exit 0 ;;
esac
exec distream status --once
