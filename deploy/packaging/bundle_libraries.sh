#!/usr/bin/env bash
# bundle_libraries.sh ROOT: copies every shared library but glibc that ROOT/bin/* need into ROOT/lib/millrace and lets
# programs and libraries find each other by their own place ($ORIGIN). RUNPATH is not inherited, so that each library needs
# its own. Also copies the licences of what was bundled.
set -euo pipefail
root=$1
libraries=$root/lib/millrace
licences=$root/share/doc/millrace/licences
mkdir -p "$libraries" "$licences"

# glibc stays the machine's own: it belongs to the kernel and the name service there.
of_glibc='^(ld-linux.*|lib(c|m|dl|pthread|rt|resolv|util|anl|nsl|mvec|BrokenLocale|thread_db|nss_[a-z]+))\.so'

# "libz.so.1 => /lib/x86_64-linux-gnu/libz.so.1 (0x…)" → "/lib/x86_64-linux-gnu/libz.so.1". ldd follows to the end.
needed() {
  ldd "$root"/bin/* | awk '$2 == "=>" && $3 ~ /^\// {print $3} $3 == "not" {print "missing:" $1}' | sort -u
}

owner() {  # the Debian package of a file; merged /usr gives a library two names
  dpkg -S "$1" 2>/dev/null || dpkg -S "/usr$1" 2>/dev/null || dpkg -S "${1#/usr}" 2>/dev/null || true
}

while read -r library; do
  name=$(basename "$library")
  case "$library" in missing:*) echo "error: $name is not installed" >&2; exit 1 ;; esac
  if [[ $name =~ $of_glibc ]]; then continue; fi
  install -m 0644 "$(readlink -f "$library")" "$libraries/$name"
  strip --strip-unneeded "$libraries/$name"
  # shellcheck disable=SC2016  # $ORIGIN is for the loader
  patchelf --set-rpath '$ORIGIN' "$libraries/$name"
  package=$(owner "$library" | head -1 | cut -d: -f1)
  if [ -f "/usr/share/doc/$package/copyright" ]; then cp -L "/usr/share/doc/$package/copyright" "$licences/$package"; fi
done < <(needed)

for program in "$root"/bin/*; do
  # shellcheck disable=SC2016
  patchelf --set-rpath '$ORIGIN/../lib/millrace' "$program"
done
