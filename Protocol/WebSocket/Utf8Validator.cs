using System.Numerics;
using System.Text.Unicode;

namespace RawSocketChat.Protocol.WebSocket;

/// <summary>
/// Checks UTF-8 (RFC 3629) as it comes in, cut anywhere, and finds the first byte that no valid text could have there
/// (RFC 6455, 8.1). A mutable struct: keep it in a field; default is ready to use.
/// </summary>
/// <remarks>
/// The state between two bytes is what may come next (Unicode, table 3-7):
/// <code>
///   first byte   then                      so that
///   00..7F
///   C2..DF       80..BF                    C0, C1 would be a second way to write ASCII
///   E0           A0..BF  80..BF            nothing below U+0800 takes three bytes
///   E1..EC       80..BF  80..BF
///   ED           80..9F  80..BF            no surrogates, U+D800..DFFF
///   EE..EF       80..BF  80..BF
///   F0           90..BF  80..BF  80..BF    nothing below U+10000 takes four bytes
///   F1..F3       80..BF  80..BF  80..BF
///   F4           80..8F  80..BF  80..BF    nothing above U+10FFFF
/// </code>
/// </remarks>
internal struct Utf8Validator
{
    private byte _owed;      // bytes that the character still needs
    private byte _low;       // and between what the next of them has to lie,
    private byte _high;      // both included; meaningless where none is owed

    /// <summary>Whether the text may end here: no character is unfinished.</summary>
    public readonly bool IsAtBoundary => _owed == 0;

    /// <summary>Takes the next piece of the text.</summary>
    /// <returns>The index of the first byte that can't be there, or -1. After that the validator is of no more use.</returns>
    public int FindBad(ReadOnlySpan<byte> piece)
    {
        // Nearly every piece is a whole and valid text; the runtime sees that many bytes at a time. Where, and whether it is only cut, is found below.
        if (IsAtBoundary && Utf8.IsValid(piece))
            return -1;
        for (var i = 0; i < piece.Length; i++)
        {
            var b = piece[i];
            if (_owed > 0)
            {
                if (b < _low || b > _high) return i;
                _owed--;
                (_low, _high) = (0x80, 0xBF);
            }
            else if (b < 0x80)
            {
                i += AsciiAtOnce(piece[(i + 1)..]);
            }
            else
            {
                (_owed, _low, _high) = After(b);
                if (_owed == 0) return i;
            }
        }
        return -1;
    }

    /// <summary>What a first byte of 80 and above asks for; none owed: it can't be a first byte.</summary>
    private static (byte Owed, byte Low, byte High) After(byte first) => first switch
    {
        < 0xC2 => default,
        <= 0xDF => (1, 0x80, 0xBF),
        0xE0 => (2, 0xA0, 0xBF),
        0xED => (2, 0x80, 0x9F),
        <= 0xEF => (2, 0x80, 0xBF),
        0xF0 => (3, 0x90, 0xBF),
        <= 0xF3 => (3, 0x80, 0xBF),
        0xF4 => (3, 0x80, 0x8F),
        _ => default,
    };

    /// <summary>How many whole vectors' bytes from the start are ASCII.</summary>
    private static int AsciiAtOnce(ReadOnlySpan<byte> piece)
    {
        var count = 0;
        while (piece.Length - count >= Vector<byte>.Count
            && Vector.LessThanAll(new Vector<byte>(piece[count..]), new Vector<byte>(0x80)))
            count += Vector<byte>.Count;
        return count;
    }
}
