using System.Globalization;

namespace RawSocketChat.Protocol.Compression;

/// <summary>Negotiates permessage-deflate with the header Sec-WebSocket-Extensions, for both roles (RFC 7692, 5 and 7.1).</summary>
public static class DeflateNegotiation
{
    /// <summary>The name of the header.</summary>
    public const string Header = "Sec-WebSocket-Extensions";

    private const string Name = "permessage-deflate";
    private const string ServerNoTakeover = "server_no_context_takeover";
    private const string ClientNoTakeover = "client_no_context_takeover";
    private const string ServerBits = "server_max_window_bits";
    private const string ClientBits = "client_max_window_bits";

    /// <summary>For the server: accepts the first valid offer of the client.</summary>
    /// <param name="offered">The values of the request's header. Other extensions in the values are ignored.</param>
    /// <param name="preferred">The parameters that the server prefers; null if the server does not compress.</param>
    /// <param name="agreed">The agreed parameters; null if messages are not compressed.</param>
    /// <param name="answer">The value of the header in the answer; null if the answer has none.</param>
    /// <returns>An error text if the header is malformed (the handshake then fails with 400: RFC 6455, 9.1); else null.</returns>
    public static string? ChooseOffer(
        IEnumerable<string> offered, DeflateParameters? preferred, out DeflateParameters? agreed, out string? answer)
    {
        ArgumentNullException.ThrowIfNull(offered);
        agreed = null;
        answer = null;
        if (!ExtensionHeader.TryRead(offered, out var extensions))
            return $"The header \"{Header}\" is malformed. A valid value is: {Name}; {ClientBits}";
        if (preferred is null) return null;

        // 5: the client lists its offers in order of preference.
        foreach (var extension in extensions)
        {
            if (extension.Name != Name || ReadParameters(extension, inAnswer: false) is not { } offer) continue;
            agreed = new DeflateParameters
            {
                // 7.1.1: each end may prevent the other from using context takeover.
                ServerNoContextTakeover = preferred.ServerNoContextTakeover || offer.ServerNoContextTakeover,
                ClientNoContextTakeover = preferred.ClientNoContextTakeover || offer.ClientNoContextTakeover,
                ServerMaxWindowBits = Math.Min(preferred.ServerMaxWindowBits, offer.ServerMaxWindowBits ?? DeflateParameters.MaxWindowBits),
                // 7.1.2.2: the server may limit the client's window only if the offer has this parameter.
                ClientMaxWindowBits = offer.ClientMaxWindowBits is { } bits
                    ? Math.Min(preferred.ClientMaxWindowBits, bits)
                    : DeflateParameters.MaxWindowBits,
            };
            answer = FormatAnswer(agreed, offer);
            return null;
        }
        return null;
    }

    /// <summary>For the client: formats its offers as the value of the header.</summary>
    /// <param name="offers">The offers in order of preference.</param>
    /// <exception cref="ArgumentOutOfRangeException">A window does not have 8 to 15 bits.</exception>
    public static string FormatOffers(params IReadOnlyList<DeflateOffer> offers)
    {
        ArgumentNullException.ThrowIfNull(offers);
        return string.Join(", ", offers.Select(offer =>
        {
            Check(offer.ServerMaxWindowBits);
            Check(offer.ClientMaxWindowBits);
            // 7.1.2.2: without a value, the parameter says only that the client supports this parameter.
            var clientBits = offer.ClientMaxWindowBits is DeflateParameters.MaxWindowBits ? ClientBits : FormatParameter(ClientBits, offer.ClientMaxWindowBits);
            return JoinParameters(
                offer.ServerNoContextTakeover ? ServerNoTakeover : null,
                offer.ClientNoContextTakeover ? ClientNoTakeover : null,
                FormatParameter(ServerBits, offer.ServerMaxWindowBits),
                clientBits);
        }));

        static void Check(int? bits)
        {
            if (bits is < DeflateParameters.MinWindowBits or > DeflateParameters.MaxWindowBits)
                throw new ArgumentOutOfRangeException(nameof(offers), bits, "a window has 8 to 15 bits (RFC 7692, 7.1.2)");
        }
    }

    /// <summary>For the client: reads the server's answer.</summary>
    /// <param name="answered">The value of the header; null if it is absent.</param>
    /// <param name="offers">The client's offers.</param>
    /// <param name="agreed">The agreed parameters; null if messages are not compressed.</param>
    /// <returns>An error text if the answer is invalid, else null.</returns>
    internal static string? ReadAnswer(string? answered, IReadOnlyList<DeflateOffer> offers, out DeflateParameters? agreed)
    {
        agreed = null;
        if (answered is null) return null;
        if (!ExtensionHeader.TryRead([answered], out var extensions)) return $"{Header} is malformed: {answered}";
        if (extensions.Count == 0) return null;

        // RFC 6455, 4.1, 5: the answer may contain only extensions that the client offered.
        if (extensions.Any(extension => extension.Name != Name) || offers.Count == 0)
            return $"the server uses an extension that was not offered: {answered}";
        if (extensions.Count > 1) return $"the server accepts one extension twice: {answered}";
        // RFC 7692, 7.1: the connection fails if a parameter is unknown, invalid or repeated, or if the answer matches no offer.
        if (ReadParameters(extensions[0], inAnswer: true) is not { } answer) return $"the server's parameters are invalid: {answered}";
        if (offers.FirstOrDefault(offer => IsAnswerTo(answer, offer)) is not { } matched)
            return $"the server's parameters match no offer: {answered}";

        agreed = new DeflateParameters
        {
            ServerNoContextTakeover = answer.ServerNoContextTakeover,
            ClientNoContextTakeover = answer.ClientNoContextTakeover || matched.ClientNoContextTakeover,
            ServerMaxWindowBits = answer.ServerMaxWindowBits ?? DeflateParameters.MaxWindowBits,
            ClientMaxWindowBits = answer.ClientMaxWindowBits ?? matched.ClientMaxWindowBits ?? DeflateParameters.MaxWindowBits,
        };
        return null;
    }

    private static bool IsAnswerTo(DeflateOffer answer, DeflateOffer offer) =>
        // 7.1.1.1 and 7.1.2.1: a server that accepts an offer must grant what the offer requires of the server.
        (answer.ServerNoContextTakeover || !offer.ServerNoContextTakeover)
        && (offer.ServerMaxWindowBits is null || answer.ServerMaxWindowBits <= offer.ServerMaxWindowBits)
        // 7.1.2.2: the server may limit the client's window only if the offer allows a limit, and only to the offered size or less.
        && (answer.ClientMaxWindowBits is null || answer.ClientMaxWindowBits <= offer.ClientMaxWindowBits);

    private static string FormatAnswer(DeflateParameters agreed, DeflateOffer offer) => JoinParameters(
        agreed.ServerNoContextTakeover ? ServerNoTakeover : null,
        agreed.ClientNoContextTakeover ? ClientNoTakeover : null,
        // 7.1.2.1: if the offer has this parameter, the answer must have it too.
        offer.ServerMaxWindowBits is not null || agreed.ServerMaxWindowBits < DeflateParameters.MaxWindowBits
            ? FormatParameter(ServerBits, agreed.ServerMaxWindowBits)
            : null,
        agreed.ClientMaxWindowBits < DeflateParameters.MaxWindowBits ? FormatParameter(ClientBits, agreed.ClientMaxWindowBits) : null);

    /// <summary>Reads the parameters. Returns null if a parameter is unknown, repeated, or has an invalid value (7.1).</summary>
    private static DeflateOffer? ReadParameters(Extension extension, bool inAnswer)
    {
        var read = new DeflateOffer();
        if (extension.Parameters.DistinctBy(parameter => parameter.Key).Count() < extension.Parameters.Count) return null;
        foreach (var (name, value) in extension.Parameters)
        {
            var bits = ParseWindowBits(value);
            switch (name)
            {
                case ServerNoTakeover when value is null:
                    read = read with { ServerNoContextTakeover = true };
                    break;
                case ClientNoTakeover when value is null:
                    read = read with { ClientNoContextTakeover = true };
                    break;
                case ServerBits when bits is not null:
                    read = read with { ServerMaxWindowBits = bits };
                    break;
                // 7.1.2.2: in an answer this parameter must have a value.
                case ClientBits when bits is not null || (value is null && !inAnswer):
                    read = read with { ClientMaxWindowBits = bits ?? DeflateParameters.MaxWindowBits };
                    break;
                default:
                    return null;
            }
        }
        return read;
    }

    // 7.1.2: a decimal number from 8 to 15, without a leading zero.
    private static int? ParseWindowBits(string? value) => value switch
    {
        "8" or "9" => value[0] - '0',
        ['1', >= '0' and <= '5'] => 10 + value[1] - '0',
        _ => null,
    };

    private static string? FormatParameter(string name, int? value) => value is null ? null : string.Create(CultureInfo.InvariantCulture, $"{name}={value}");

    private static string JoinParameters(params ReadOnlySpan<string?> parameters)
    {
        var text = Name;
        foreach (var parameter in parameters)
        {
            if (parameter is not null) text += "; " + parameter;
        }
        return text;
    }
}
