using System.Numerics;
using System.Text.Unicode;

namespace RawSocketChat.Protocol.WebSocket;

/// <summary>
/// Validates UTF-8 (RFC 3629) incrementally; the text may be split anywhere. This type finds the first byte that cannot belong to a valid
/// text (RFC 6455, 8.1). This is a mutable struct: keep it in a field. The default value is ready to use.
/// </summary>
/// <remarks>
/// Between two bytes, the state says which byte may come next (Unicode, table 3-7):
/// <code>
///   first byte   then                      reason
///   00..7F
///   C2..DF       80..BF                    C0 and C1 would encode ASCII in two bytes
///   E0           A0..BF  80..BF            a character below U+0800 must not use three bytes
///   E1..EC       80..BF  80..BF
///   ED           80..9F  80..BF            no surrogates, U+D800..DFFF
///   EE..EF       80..BF  80..BF
///   F0           90..BF  80..BF  80..BF    a character below U+10000 must not use four bytes
///   F1..F3       80..BF  80..BF  80..BF
///   F4           80..8F  80..BF  80..BF    nothing above U+10FFFF
/// </code>
/// </remarks>
internal struct Utf8Validator
{
    private byte _missingBytes;     // the number of bytes until the current character is complete
    private byte _low;              // the inclusive range of the next byte, if one is missing
    private byte _high;

    /// <summary>Whether the text may end here, because no character is incomplete.</summary>
    public readonly bool IsAtBoundary => _missingBytes == 0;

    /// <summary>Validates the next piece of the text.</summary>
    /// <returns>The index of the first invalid byte, or -1. After an invalid byte the validator cannot be used any more.</returns>
    public int FindInvalid(ReadOnlySpan<byte> piece)
    {
        // Nearly every piece is a complete, valid text. The runtime checks many bytes of such a piece at a time. The loop below finds an
        // invalid byte or an incomplete character.
        if (IsAtBoundary && Utf8.IsValid(piece))
            return -1;
        for (var i = 0; i < piece.Length; i++)
        {
            var b = piece[i];
            if (_missingBytes > 0)
            {
                if (b < _low || b > _high) return i;
                _missingBytes--;
                (_low, _high) = (0x80, 0xBF);
            }
            else if (b < 0x80)
            {
                i += CountLeadingAscii(piece[(i + 1)..]);
            }
            else
            {
                (_missingBytes, _low, _high) = GetContinuation(b);
                if (_missingBytes == 0) return i;
            }
        }
        return -1;
    }

    /// <summary>
    /// Returns how many continuation bytes must follow a first byte of 0x80 or above, and the range of the first continuation byte. If the
    /// number is 0, the first byte is invalid.
    /// </summary>
    private static (byte Owed, byte Low, byte High) GetContinuation(byte first) => first switch
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

    /// <summary>Counts the ASCII bytes at the start, in whole vectors: the result is a multiple of the size of a vector.</summary>
    private static int CountLeadingAscii(ReadOnlySpan<byte> piece)
    {
        var count = 0;
        while (piece.Length - count >= Vector<byte>.Count
            && Vector.LessThanAll(new Vector<byte>(piece[count..]), new Vector<byte>(0x80)))
            count += Vector<byte>.Count;
        return count;
    }
}
