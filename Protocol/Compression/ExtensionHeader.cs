using System.Text;

namespace RawSocketChat.Protocol.Compression;

/// <summary>One extension in the header, with its parameters in order.</summary>
/// <param name="Name">The registered name.</param>
/// <param name="Parameters">The names and values of the parameters. If a parameter has no value, the value is null.</param>
internal sealed record Extension(string Name, IReadOnlyList<KeyValuePair<string, string?>> Parameters);

/// <summary>
/// Reads the header Sec-WebSocket-Extensions (RFC 6455, 9.1):
/// <code>
/// permessage-deflate; client_max_window_bits; server_max_window_bits="10", x-other
/// '---- name -------'  '---- parameter -----'  '--- parameter with value ---'  '-- the next extension
/// </code>
/// </summary>
internal static class ExtensionHeader
{
    /// <summary>Reads the values of the header in order.</summary>
    /// <returns>False if one of the values is malformed.</returns>
    public static bool TryRead(IEnumerable<string> values, out IReadOnlyList<Extension> extensions)
    {
        var found = new List<Extension>();
        extensions = found;
        return values.All(value => TryRead(value, found));
    }

    private static bool TryRead(string value, List<Extension> found)
    {
        var position = 0;
        while (true)
        {
            // RFC 9110, 5.6.1: a recipient ignores empty list elements.
            while (SkipBlanksAndPeek(value, ref position, ',')) position++;
            if (position == value.Length) return true;

            if (ReadToken(value, ref position) is not { } name || !TryReadParameters(value, ref position, out var parameters)) return false;
            found.Add(new Extension(name, parameters));
            if (position < value.Length && value[position] != ',') return false;
        }
    }

    private static bool TryReadParameters(string value, ref int position, out List<KeyValuePair<string, string?>> parameters)
    {
        parameters = [];
        while (SkipBlanksAndPeek(value, ref position, ';'))
        {
            position++;
            SkipBlanks(value, ref position);
            if (ReadToken(value, ref position) is not { } name) return false;

            string? given = null;
            if (SkipBlanksAndPeek(value, ref position, '='))
            {
                position++;
                SkipBlanks(value, ref position);
                // 9.1: a quoted value must be a token too, after it is unquoted.
                given = position < value.Length && value[position] == '"' ? ReadQuoted(value, ref position) : ReadToken(value, ref position);
                if (given is null || !HeaderTokens.IsToken(given)) return false;
            }
            parameters.Add(new(name, given));
        }
        return true;
    }

    private static string? ReadToken(string value, ref int position)
    {
        var start = position;
        while (position < value.Length && HeaderTokens.IsTokenCharacter(value[position])) position++;
        return position > start ? value[start..position] : null;
    }

    private static string? ReadQuoted(string value, ref int position)
    {
        var text = new StringBuilder();
        for (position++; position < value.Length; position++)
        {
            if (value[position] == '"')
            {
                position++;
                return text.ToString();
            }
            if (value[position] == '\\' && ++position == value.Length) break;
            text.Append(value[position]);
        }
        return null;
    }

    private static bool SkipBlanksAndPeek(string value, ref int position, char wanted)
    {
        SkipBlanks(value, ref position);
        return position < value.Length && value[position] == wanted;
    }

    private static void SkipBlanks(string value, ref int position)
    {
        while (position < value.Length && value[position] is (' ' or '\t')) position++;
    }
}
