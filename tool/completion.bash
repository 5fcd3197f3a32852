# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Completion of estp in bash: commands, their options, and what follows these.

_estp() {
	local cur prev command=${COMP_WORDS[1]} i
	COMPREPLY=()
	cur=${COMP_WORDS[COMP_CWORD]}
	prev=${COMP_WORDS[COMP_CWORD - 1]}
	local -A options=(
		[run]='--kernel --arch --cpus --mem --file --env --no-module --host --help --'
		[dump]='--json --tabs --no-code --colour --arch --address --help'
		[check]='--json --strict --quiet --max-insns --arch --rules --help'
		[ps]='--objects --json --tabs --help'
		[stat]='--interval --count --buffer --json --tabs --help'
		[trace]='--pid --count --buffer --json --tabs --help'
	)

	if [ "$COMP_CWORD" = 1 ]; then
		# Those that this estp has.
		mapfile -t COMPREPLY < <(compgen -W "$("$1" --help 2>/dev/null |
			sed -n 's/^  \([a-z][a-z]*\) .*/\1/p') --help --version" -- "$cur")
		return
	fi
	[ -n "${options[$command]:-}" ] || return 0
	if [ "$command" = run ]; then
		# Behind the program everything is its own.
		for ((i = 2; i < COMP_CWORD; i++)); do
			case ${COMP_WORDS[i]} in
			--kernel | --arch | --cpus | --mem | --file | --env) ((i++)) ;;
			--)
				((i++))
				break
				;;
			-*) ;;
			*) break ;;
			esac
		done
		if [ "$i" -lt "$COMP_CWORD" ]; then
			mapfile -t COMPREPLY < <(compgen -f -- "$cur")
			return
		fi
		if [ "$i" = "$COMP_CWORD" ] && [[ $cur != -* ]]; then
			mapfile -t COMPREPLY < <(compgen -c -f -- "$cur")
			return
		fi
	fi
	case $command$prev in
	run--kernel) mapfile -t COMPREPLY < <(compgen -W '6.12 6.1 rt' -- "$cur") ;;
	*--arch) mapfile -t COMPREPLY < <(compgen -W 'x86_64 arm64' -- "$cur") ;;
	dump--colour) mapfile -t COMPREPLY < <(compgen -W 'auto always never' -- "$cur") ;;
	run--file) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	run--cpus | run--mem | run--env | dump--address | check--max-insns | *-i | *--interval | *-n | *--count | *--buffer) ;;
	*)
		if [[ $cur = -* ]]; then
			mapfile -t COMPREPLY < <(compgen -W "${options[$command]}" -- "$cur")
		else
			case $command in
			ps) ;;
			stat | trace) mapfile -t COMPREPLY < <(cd /proc && compgen -G "${cur}*" | grep -x '[0-9]*') ;;
			*) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
			esac
		fi
		;;
	esac
}
complete -o filenames -F _estp estp
