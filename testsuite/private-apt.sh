# SPDX-License-Identifier: MIT
#
# Sourced by what fetches something of Debian's for a test: apt in a folder of its own.
#
#     private_apt FOLDER deb|deb-src [ARCHITECTURE] [SUITE]
#
# makes FOLDER/conf, with which `apt-get -c FOLDER/conf` works on lists, caches and a dpkg status in FOLDER
# alone. The machine's apt configuration stays as it is: the sources that apt knows as Debian's are read
# from apt itself and repeated, as deb or deb-src. Signatures are checked as always. It works for root and
# for everybody else. FOLDER/sources.d is empty afterwards when apt knows no source of Debian's.

# private_sources FOLDER TYPE SUITE: each Debian source that apt uses, written again. apt names it by file and by line
# (.list) or paragraph (.sources); the whole entry is copied, so that its options and its keys stay, but for
# the architectures that it is for.
private_sources() {
    apt-get indextargets --format '$(SOURCESENTRY)|$(ORIGIN)' 'Created-By: Packages' |
        sed -n 's/|Debian$//p' | sort -u |
        while IFS= read -r entry; do
            file=${entry%:*} number=${entry##*:} name=$1/sources.d/$(basename "${entry%:*}" | sed 's/\.[a-z]*$//')-$number
            if [[ $file = *.sources ]]; then
                sed '/^#/d' "$file" | awk -v n="$number" 'BEGIN { RS = "" } NR == n' |
                    sed -E "s/^types:.*/Types: $2/I; /^architectures:/Id${3:+; s/^suites:.*/Suites: $3/I}" \
                        >"$name.sources"
            else
                sed -nE "$number s/^[[:space:]]*deb[[:space:]]/$2 /p" "$file" |
                    sed -E '/ cdrom:/d; s/ arch=[^] ]*//; s/\[arch=[^] ]*/[/; s/\[ *\]//' |
                    sed -E "${3:+s/^([^ ]+( +\[[^]]*\])? +[^ ]+) +[^ ]+/\1 $3/}" >"$name.list"
            fi
        done
}

private_apt() {
    local architecture=${3:-$(dpkg --print-architecture)} suite=${4-}
    rm -rf "$1"
    mkdir -p "$1"/{sources.d,lists/partial,cache/archives/partial,download}
    : >"$1/status"
    private_sources "$1" "$2" "$suite"
    # No hooks, since they work on the machine's own folders; no other user, who could not write to ours.
    cat >"$1/conf" <<EOF
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Pre-Install-Pkgs;
#clear DPkg::Post-Invoke;
#clear APT::Architectures;
APT::Architecture "$architecture";
APT::Architectures "$architecture";
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "$1/sources.d";
Dir::State "$1";
Dir::State::status "$1/status";
Dir::State::lists "$1/lists";
Dir::State::extended_states "$1/extended_states";
Dir::Cache "$1/cache";
Acquire::Languages "none";
APT::Sandbox::User "";
Acquire::Retries "3";
EOF
}

# Adds the backports of the release, from where its packages come, to a FOLDER that private_apt has made.
private_backports() {
    local release
    release=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
    for file in "$1"/sources.d/*; do
        case $file in
        *.sources) grep -qiE "^suites:.* ?$release( |\$)" "$file" &&
            sed -E "s/^suites:.*/Suites: $release-backports/I" "$file" >"${file%.sources}-backports.sources" ;;
        *.list) sed -nE "s/ $release / $release-backports /p" "$file" >"${file%.list}-backports.list" ;;
        esac
    done || true
}

# private_unpack FOLDER ROOT PACKAGE...: downloads the packages and what they depend on, by FOLDER's apt, and
# unpacks them in ROOT. What apt said is in FOLDER/log when that fails.
private_unpack() {
    local folder=$1 root=$2 package
    shift 2
    apt-get -c "$folder/conf" -q update >"$folder/log" 2>&1 || true # what is missing shows below
    apt-get -c "$folder/conf" -q -y install --no-install-recommends --download-only "$@" \
        >>"$folder/log" 2>&1 </dev/null || return
    mkdir -p "$root"
    for package in "$folder/cache/archives"/*.deb; do
        dpkg-deb -x "$package" "$root" || return
    done
}
