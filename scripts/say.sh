# What the other scripts say to a person, on standard error: `. scripts/say.sh`.
# shellcheck shell=sh

if [ -t 2 ]; then bold=$(printf '\033[1m') plain=$(printf '\033[0m'); else bold='' plain=''; fi

say() { printf '%s· %s%s\n' "$bold" "$*" "$plain" >&2; }

give_up() {
    printf '%s\n' "$*" >&2
    exit 1
}

# progress TOTAL PATTERN: counts the lines of standard input that match, as a moving number on a terminal and as
# a line for every ten elsewhere.
progress() {
    if [ -t 2 ]; then moving=1; else moving=0; fi
    awk -v total="$1" -v pattern="$2" -v moving="$moving" '
        $0 ~ pattern {
            n++
            if (moving) printf "\r  %d of %d", n, total
            else if (n % 10 == 0 || n == total) printf "  %d of %d\n", n, total
            fflush()
        }
        /^Installing collected packages/ { printf moving ? "\r  unpacking…   " : "  unpacking…\n"; fflush() }
        END { if (moving) printf "\r                 \r" }
    ' >&2
}
