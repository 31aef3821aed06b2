using System.Text;

namespace RawSocketChat.Tests.Benchmarks.Peers.Load;

/// <summary>
/// The text of a message: <c>@</c>, its number in eight digits, and x up to its size. No peer writes an <c>@</c> of its own around a text, so
/// that a message is found in whatever stands around it without parsing that.
/// </summary>
internal static class Stamp
{
    public const byte Mark = (byte)'@';
    public const int Digits = 8;

    /// <summary>Numbers are below this; a run ends before them.</summary>
    public const int Most = 1 << 22;

    public static byte[] Text(int bytes) => Encoding.ASCII.GetBytes($"@{new string('0', Digits)}{new string('x', bytes - Digits - 1)}");

    public static void Write(Span<byte> digits, int number)
    {
        for (var i = Digits - 1; i >= 0; i--, number /= 10)
            digits[i] = (byte)('0' + (number % 10));
    }

    /// <summary>The number of the next message in <paramref name="rest"/>, which is then what follows it; -1 where there is none.</summary>
    public static int Next(ref ReadOnlySpan<byte> rest)
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
