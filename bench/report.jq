# SPDX-License-Identifier: MIT
# report.jq - the tables of bench/report.md, from all questions of a run
#
#   @summary            what bench/summary lists
#   @bounds             the project's bounds, all questions'
#   @question ID        one question: table, slopes, notes, plot
#   @rest               likewise those that no @question names
#   @sums               what rseq and ESTP add to an event, alone and together
#   @where              what a repetition needs to know
#
# A ratio is the alternative's cost by ESTP's: over 1, ESTP wins.

def fail($what): error($what);

# 5811 -> 5,811; 0.4 -> 0.400: four digits mean something.
def thousands: tostring | if length > 3 then (.[:-3] | thousands) + "," + .[-3:] else . end;
def places($n): pow(10; $n) as $p | (. * $p + 0.5 | floor) as $whole
	| if $n == 0 then $whole | thousands
	  else ($whole / $p | floor | thousands) + "." + ("000\($whole % $p)" | .[-$n:]) end;
def number:
	if . < 0 then "-" + (-. | number)
	elif . == floor or . >= 1000 then places(0)
	elif . >= 100 then places(1)
	elif . >= 10 then places(2)
	else places(3) end;
def ratio: if . >= 100 then places(0) elif . >= 10 then places(1) else places(2) end;
def cell_text: gsub("\\|"; "\\|");
def line: "| " + join(" | ") + " |";
def table($head; $body):
	[($head | map(cell_text) | line), "|" + ([$head[] | "---|"] | add), ($body[] | map(cell_text) | line)] | join("\n");

def is_exact: .low == .high;
def difference: if . < 0 then "−" + (-. | number) elif . > 0 then "+" + number else "±0" end;
# Beside the baseline's cell: the ratio to it, if that was measured, or the difference.
def show($is_baseline; $base):
	if . == null then ""
	elif has("ratio") and ($is_baseline | not) then
		(.median | number) + "<br>**\(.ratio.median | ratio)**" + (if .doubtful then " ?" else "" end)
		+ " (\(.ratio.low | ratio)–\(.ratio.high | ratio))"
	else
		(.median | number)
		+ (if $base == null or $is_baseline then "" else "<br>**\(.median - $base.median | difference)**" end)
		+ (if is_exact then "" else "<br>(\(.low | number)–\(.high | number))" end)
	end;

def data_table: . as $q | table([.axis // .unit] + .columns;
	[.rows[] | . as $row | [$row.name]
	 + [$q.columns[] | . as $c | $row.cells[$c] | show($c == $q.baseline; $row.cells[$q.baseline // ""])]]);

# Ways that were measured in turns stand in every row: what is missing was forgotten.
def complete: . as $q
	| if any(.rows[].cells[]; has("ratio")) then
		[.rows[] as $r | .columns[] as $c | select($r.cells[$c] == null)
		 | fail("\($q.question): row \($r.name) lacks \($c)")] | $q
	  else . end;

def describe:
	[data_table, "",
	 (.slopes[] | "- Slope of \(.column): \(.value | number) \(.unit)."),
	 (.notes[] | "- \(.)"),
	 (if (.slopes + .notes | length) > 0 then "" else empty end),
	 "![\(.title)](benchmarks/\(.question).svg)"] | join("\n");

# ---- Summary: TEXT, QUESTION, ROW, OUR COLUMN, ALTERNATIVE... as bench/summary says ----
def verdict: if . >= 1.05 then "wins" elif . > 1 / 1.05 then "ties" else "loses" end;
def name_of($q; $row): "\($q.question): no cell \($row)";

def find_cell($questions; $id; $row; $column):
	($questions[$id] // fail("summary: there is no \($id).json: make bench")) as $q
	| ([$q.rows[] | select(.name == $row)][0] // fail("summary: \($id) has no row \($row)"))
	| . as $found | ($column | split("~"))
	| map($found.cells[.] // fail("summary: \($id), row \($row) lacks \(.)"))
	| if length == 1 then .[0] else { median: (.[0].median - .[1].median) } end;

def alternative($questions; $id; $row):
	if contains("@") then
		split("@") as $at | { name: (if $at[0] == "" then $at[1] else $at[0] end),
				      cell: find_cell($questions; $id; $at[1]; $at[2]) }
	else { name: ., cell: find_cell($questions; $id; $row; .) } end;

def compared($ours; $theirs):
	if ($ours | has("ratio")) and ($theirs | has("ratio")) then
		{ median: ($theirs.ratio.median / $ours.ratio.median), low: ($theirs.ratio.low / $ours.ratio.high),
		  high: ($theirs.ratio.high / $ours.ratio.low) }
	elif $ours.median <= 0 then { median: 1e9 }
	else { median: ($theirs.median / $ours.median) } end;

def summary_line($questions):
	split("\t") as $f
	| if ($f | length) < 5 then fail("summary: too few fields: \($f | join(" | "))") else . end
	| find_cell($questions; $f[1]; $f[2]; $f[3]) as $ours
	| [$f[4:][] | alternative($questions; $f[1]; $f[2])] as $all
	| ($all | map(. + { ratio: compared($ours; .cell) }) | min_by(.ratio.median)) as $best
	| $best.ratio as $r
	| ($r.median | verdict) as $v
	| [$f[0], "\($ours.median | number) \($questions[$f[1]].unit | sub("guest "; "") | sub(",.*"; ""))", $best.name + (if $best.cell | has("ratio") then "" else ": \($best.cell.median | number)" end),
	   (if $r.median == 1e9 then "∞" else ($r.median | ratio) end)
	   + (if $r.low then " (\($r.low | ratio)–\($r.high | ratio))" else "" end),
	   if any($r.low, $r.high; . != null and (verdict != $v)) then "\($v)? quartiles disagree"
	   elif $v == "wins" then "**wins**" else $v end];

def summary_table($questions):
	[$summary | split("\n")[] | select(length > 0 and (startswith("#") | not))
	 | if startswith("?") then .[1:] | select($questions[split("\t")[1]]) else . end] as $lines
	| [$lines[] | summary_line($questions)] as $body
	| def count($what): [$body[] | select(.[4] | contains($what))] | length;
	  "ESTP wins \(count("wins")) of \($body | length) comparisons, ties in \(count("ties")), loses \(count("loses"))"
	  + (count("?") | if . > 0 then "; \(.) of these verdicts are doubtful" else "" end) + ".\n\n"
	  + table(["question", "ESTP", "best alternative", "that by ESTP's", "ESTP ..."]; $body);

def bounds_table($all):
	table(["bound", "found", "at most", "verdict"];
	      [$all[] | .question as $id | .bounds[]
	       | [(.text + " (\($id))"), (.value | number), (.most | number),
		  (if .doubtful then "not to be believed: quartiles on both sides"
		   elif .holds then "met" else "**not met**" end)]]);

# ---- rseq's part, ESTP's, and both ----
def sums($all):
	["without module, no rseq", "without module", "pc outside, no rseq", "pc outside"] as $needed
	| [$all[] | . as $q | select(all($needed[]; . as $c | $q.columns | index([$c])))
	   | [.rows[] | [.cells[$needed[]].median] as $v | select(all($v[]; . != null))
	      | [.name, ($v[0] | number), ($v[1:][] - $v[0] | difference)]] as $body
	   | "\(.title) (\(.unit)):\n\n" + table(["", "neither", "rseq", "ESTP, pc outside", "both"]; $body)]
	| if length > 0 then join("\n\n") else "Nothing of that in this run." end;

# ---- Where ----
def where_text($all):
	([$all[].where | keys_unsorted[]] | unique) as $keys
	| [$keys[] | . as $k | select([$all[].where[$k]] | unique | length == 1 and .[0] != null)] as $common
	| [($common[] | "- \(.): \($all[0].where[.])"), "",
	   table(["question", "besides"];
		 [$all[] | [.question, ([.where | to_entries[] | select(.key as $k | $common | index([$k]) | not)
		  | "\(.key): \(.value)"] | join("; "))]])]
	| join("\n");

([inputs | complete] | sort_by(.where.date)) as $all
| (if ([$all[].where.commit] | unique | length) > 1
   then fail("the data are not of one run: " + ([$all[] | "\(.question) of \(.where.commit)"] | join(", "))) else . end)
| (reduce $all[] as $q ({}; .[$q.question] = $q)) as $questions
| ($text | rtrimstr("\n") | split("\n")) as $lines
| [$lines[] | select(startswith("@question ")) | .[10:]] as $named
| $lines[]
| if . == "@summary" then summary_table($questions)
  elif . == "@bounds" then bounds_table($all)
  elif . == "@sums" then sums($all)
  elif . == "@where" then where_text($all)
  elif . == "@dirty" then
	(if any($all[]; .where.dirty != "no") then "The tree had changes that are not in that commit." else empty end)
  elif startswith("@question ") then
	.[10:] as $id | ($questions[$id] // fail("there is no \($id).json: make bench")) | describe
  elif . == "@rest" then
	[$all[] | select(.question as $id | $named | index([$id]) | not) | "### \(.title)\n\n\(describe)"]
	| if length > 0 then join("\n\n") else "None in this run." end
  elif startswith("@") then fail("report.md: unknown line \(.)")
  else . end
