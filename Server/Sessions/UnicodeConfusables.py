#!/usr/bin/env python3
"""Writes UnicodeConfusables.cs: the confusables of Unicode TS 39 that names can contain.

The data is confusables.txt of the Unicode version that the installed ICU has (apt-get install libicu72): ICU contains the compiled file,
and its function uspoof_getSkeleton returns the prototype of a character. The script reads the ranges in NameScripts.cs beside it. Run the script:

    python3 Server/Sessions/UnicodeConfusables.py
"""

import collections
import ctypes
import ctypes.util
import pathlib
import re
import unicodedata

FOLDER = pathlib.Path(__file__).resolve().parent

# Hangul syllables stay whole in a skeleton, because their parts look like bars and rings.
SYLLABLES = range(0xAC00, 0xD7A4)

ENTRIES_PER_LINE = 12


class Spoof:
    """ICU's spoof checker."""

    def __init__(self):
        name = ctypes.util.find_library("icui18n") or "libicui18n.so"
        self._library = ctypes.CDLL(name)
        self.major = re.search(r"\.so\.(\d+)", name)[1]
        version = (ctypes.c_uint8 * 4)()
        getattr(ctypes.CDLL(name.replace("icui18n", "icuuc")), f"u_getUnicodeVersion_{self.major}")(version)
        self.unicode = f"{version[0]}.{version[1]}"
        error = ctypes.c_int(0)
        open_checker = getattr(self._library, f"uspoof_open_{self.major}")
        open_checker.restype = ctypes.c_void_p
        self._checker = ctypes.c_void_p(open_checker(ctypes.byref(error)))
        self._get = getattr(self._library, f"uspoof_getSkeletonUTF8_{self.major}")

    def skeleton(self, text):
        source, target, error = text.encode(), ctypes.create_string_buffer(512), ctypes.c_int(0)
        length = self._get(self._checker, ctypes.c_uint32(0), source, len(source), target, len(target), ctypes.byref(error))
        if error.value > 0:
            raise RuntimeError(f"U+{ord(text):04X}: ICU error {error.value}")
        return target.raw[:length].decode()


def read_ranges():
    """The code points that names can contain, by NameScripts.cs."""
    source = (FOLDER / "NameScripts.cs").read_text()
    for first, last in re.findall(r"\(0x([0-9A-F]+), 0x([0-9A-F]+), ", source):
        yield from range(int(first, 16), int(last, 16) + 1)
    yield from map(ord, "0123456789")


def find_confusables(spoof):
    for code in read_ranges():
        letter = chr(code)
        if code in SYLLABLES or unicodedata.category(letter)[0] not in "LMN":
            continue
        # Names are in NFKC, and the skeleton decomposes a letter with marks first.
        if unicodedata.normalize("NFKC", letter) != letter or unicodedata.normalize("NFD", letter) != letter:
            continue
        prototype = spoof.skeleton(letter)
        if prototype != letter:
            yield prototype, code


def main():
    spoof = Spoof()
    by_prototype = collections.defaultdict(list)
    for prototype, code in find_confusables(spoof):
        by_prototype[prototype].append(code)
    lines = []
    for prototype, codes in sorted(by_prototype.items()):
        for at in range(0, len(codes), ENTRIES_PER_LINE):
            words = " ".join(f"{code:04X}" for code in sorted(codes)[at:at + ENTRIES_PER_LINE])
            lines.append(f"        {'+'.join(f'{ord(part):04X}' for part in prototype)}: {words}")
    count = sum(map(len, by_prototype.values()))
    (FOLDER / "UnicodeConfusables.cs").write_text(f'''// UnicodeConfusables.py has generated this file from Unicode {spoof.unicode} (ICU {spoof.major}). Do not edit it.
using System.Collections.Frozen;
using System.Globalization;
using System.Text;

namespace RawSocketChat.Server.Sessions;

/// <summary>
/// The confusables of Unicode TS 39 (confusables.txt, Unicode {spoof.unicode}) that names can contain: {count} characters, each with its prototype.
/// The table has case-sensitive prototypes and no letter that is composed of other characters. <see cref="Confusables"/> has more
/// letters that look similar.
/// </summary>
internal static class UnicodeConfusables
{{
    public const string Version = "{spoof.unicode}";

    // "prototype: letters" as code points.
    private const string Table = """
{chr(10).join(lines)}
        """;

    private static readonly FrozenDictionary<Rune, string> Prototypes = ParseTable().ToFrozenDictionary(entry => entry.Letter, entry => entry.Prototype);

    /// <summary>The prototype of a character; null if the character is its own prototype.</summary>
    public static string? GetPrototype(Rune letter) => Prototypes.GetValueOrDefault(letter);

    internal static IEnumerable<(Rune Letter, string Prototype)> ParseTable()
    {{
        foreach (var line in Table.Split('\\n'))
        {{
            var separator = line.IndexOf(':', StringComparison.Ordinal);
            var prototype = string.Concat(line[..separator].Split('+').Select(Parse));
            foreach (var letter in line[(separator + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries))
                yield return (Parse(letter), prototype);
        }}
    }}

    private static Rune Parse(string code) => new(int.Parse(code, NumberStyles.HexNumber, CultureInfo.InvariantCulture));
}}
''')
    print(f"{count} characters, {len(by_prototype)} prototypes, Unicode {spoof.unicode}")


main()
