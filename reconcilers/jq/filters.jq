# The filters of expressions that are made of others. Each of them ends.

def empty: {}[] as $x | .;
def null: [][0];
def true: 0 == 0;
def false: 0 != 0;
def not: if . then false else true end;
def error: error_empty as $x | .;
def error(message): (message | error_empty) as $x | .;

def select(f): if f then . else empty end;
def values: select(. != null);
def map(f): [.[] | f];
def tostring: "\(.)";

def isempty(g): first((g | false), true);
def any(g; f): isempty(g | f or empty) | not;
def all(g; f): isempty(g | f and empty);
def any(f): any(.[]; f);
def all(f): all(.[]; f);
def any: any(.[]; .);
def all: all(.[]; .);

def add(f): reduce f as $x (null; . + $x);
def add: add(.[]);
def min_by(f): reduce min_by_or_empty(f) as $x (null; $x);
def max_by(f): reduce max_by_or_empty(f) as $x (null; $x);
def min: min_by(.);
def max: max_by(.);
def abs: if . < 0 then - . else . end;

def first: .[0];
def last: .[-1];
def unique_by(f): [group_by(f)[] | .[0]];
def unique: unique_by(.);
def keys: keys_unsorted | sort;
def to_entries: [key_values[] as [$key, $value] | {$key, $value}];
def from_entries: reduce (.[] | {(.key): .value}) as $x ({}; . + $x);
def with_entries(f): to_entries | map(f) | from_entries;

def split($at): . / $at;
def join($at): [.[] | tostring] | if length == 0 then "" else .[0] + (reduce .[1:][] as $x (""; . + $at + $x)) end;
