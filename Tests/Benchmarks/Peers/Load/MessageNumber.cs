using System.Text;

namespace RawSocketChat.Tests.Benchmarks.Peers.Load;

/// <summary>
/// Writes and finds the number in a message text. A text consists of <c>@</c>, the number in eight digits, and padding with the letter x. No
/// peer adds an <c>@</c> to a message, so the number can be found without parsing the peer's protocol.
/// </summary>
internal static class MessageNumber
{
    public const byte Mark = (byte)'@';
    public const int Digits = 8;

    /// <summary>The upper bound of the numbers (exclusive). A run ends before it publishes this number.</summary>
    public const int Limit = 1 << 22;

    public static byte[] CreateText(int bytes) => Encoding.ASCII.GetBytes($"@{new string('0', Digits)}{new string('x', bytes - Digits - 1)}");

    public static void Write(Span<byte> digits, int number)
    {
        for (var i = Digits - 1; i >= 0; i--, number /= 10)
            digits[i] = (byte)('0' + (number % 10));
    }

    /// <summary>
    /// Returns the number of the next message in <paramref name="rest"/>, and moves <paramref name="rest"/> past the number. Returns -1 if
    /// there is no number.
    /// </summary>
    public static int FindNext(ref ReadOnlySpan<byte> rest)
    {
        var at = rest.IndexOf(Mark);
        if (at < 0 || rest.Length - at <= Digits)
            return -1;
        var number = 0;
        for (var i = at + 1; i <= at + Digits; i++)
        {
            var digit = rest[i] - '0';
            if ((uint)digit > 9)
                return -1;
            number = (number * 10) + digit;
        }

        rest = rest[(at + 1 + Digits)..];
        return number;
    }
}
