using System.Globalization;

namespace RawSocketChat.Protocol.WebSocket;

/// <summary>How the two ends agree on permessage-deflate by Sec-WebSocket-Extensions (RFC 7692, 5 and 7.1).</summary>
public static class DeflateNegotiation
{
    /// <summary>The header's name.</summary>
    public const string Header = "Sec-WebSocket-Extensions";

    private const string Name = "permessage-deflate";
    private const string ServerTakeover = "server_no_context_takeover";
    private const string ClientTakeover = "client_no_context_takeover";
    private const string ServerBits = "server_max_window_bits";
    private const string ClientBits = "client_max_window_bits";

    /// <summary>The server's side: takes the first offer that it can.</summary>
    /// <param name="offered">The header's values as they came; other extensions among them are passed over.</param>
    /// <param name="wanted">What the server would like best; null: it wants no compression.</param>
    /// <param name="agreed">What holds from now on; null: nothing is compressed.</param>
    /// <param name="answer">The header's value in the answer; null: none.</param>
    /// <returns>Not null where the header is not of the form that RFC 6455 gives it: the handshake fails (9.1).</returns>
    public static HandshakeFault? Choose(
        IEnumerable<string> offered, DeflateParameters? wanted, out DeflateParameters? agreed, out string? answer)
    {
        ArgumentNullException.ThrowIfNull(offered);
        agreed = null;
        answer = null;
        if (!ExtensionHeader.TryRead(offered, out var extensions))
            return new(400, $"The header \"{Header}\" is not of its form; right is: {Name}; {ClientBits}");
        if (wanted is null) return null;

        // 5: the client puts what it likes best first.
        foreach (var extension in extensions)
        {
            if (extension.Name != Name || Read(extension, inAnswer: false) is not { } offer) continue;
            agreed = new DeflateParameters
            {
                // 7.1.1: each end may ask the other for less than it would do by itself.
                ServerNoContextTakeover = wanted.ServerNoContextTakeover || offer.ServerNoContextTakeover,
                ClientNoContextTakeover = wanted.ClientNoContextTakeover || offer.ClientNoContextTakeover,
                ServerMaxWindowBits = Math.Min(wanted.ServerMaxWindowBits, offer.ServerMaxWindowBits ?? DeflateParameters.MaxWindowBits),
                // 7.1.2.2: a client that did not say that it knows the parameter is not limited.
                ClientMaxWindowBits = offer.ClientMaxWindowBits is { } bits
                    ? Math.Min(wanted.ClientMaxWindowBits, bits)
                    : DeflateParameters.MaxWindowBits,
            };
            answer = Answer(agreed, offer);
            return null;
        }
        return null;
    }

    /// <summary>The client's side: the header's value that makes these offers.</summary>
    /// <param name="offers">What the client likes best first.</param>
    /// <exception cref="ArgumentOutOfRangeException">A window of other than 8 to 15 bits.</exception>
    public static string Offer(params IReadOnlyList<DeflateOffer> offers)
    {
        ArgumentNullException.ThrowIfNull(offers);
        return string.Join(", ", offers.Select(offer =>
        {
            Check(offer.ServerMaxWindowBits);
            Check(offer.ClientMaxWindowBits);
            // 7.1.2.2: without a value it says no more than that the parameter is known.
            var clientBits = offer.ClientMaxWindowBits is DeflateParameters.MaxWindowBits ? ClientBits : Valued(ClientBits, offer.ClientMaxWindowBits);
            return Join(
                offer.ServerNoContextTakeover ? ServerTakeover : null,
                offer.ClientNoContextTakeover ? ClientTakeover : null,
                Valued(ServerBits, offer.ServerMaxWindowBits),
                clientBits);
        }));

        static void Check(int? bits)
        {
            if (bits is < DeflateParameters.MinWindowBits or > DeflateParameters.MaxWindowBits)
                throw new ArgumentOutOfRangeException(nameof(offers), bits, "a window has 8 to 15 bits (RFC 7692, 7.1.2)");
        }
    }

    /// <summary>The client's side: what the server's answer means.</summary>
    /// <param name="answered">The header's value; null: absent.</param>
    /// <param name="offers">What was offered.</param>
    /// <param name="agreed">What holds from now on; null: nothing is compressed.</param>
    /// <returns>What is wrong with the answer; null: nothing.</returns>
    internal static string? Accept(string? answered, IReadOnlyList<DeflateOffer> offers, out DeflateParameters? agreed)
    {
        agreed = null;
        if (answered is null) return null;
        if (!ExtensionHeader.TryRead([answered], out var extensions)) return $"{Header} is not of its form: {answered}";
        if (extensions.Count == 0) return null;

        // RFC 6455, 4.1, 5: only what was asked for.
        if (extensions.Any(extension => extension.Name != Name) || offers.Count == 0)
            return $"the server uses an extension that was not asked for: {answered}";
        if (extensions.Count > 1) return $"the server accepts one extension twice: {answered}";
        // RFC 7692, 7.1: an unknown, wrong or repeated parameter fails the connection, and so does an answer to no offer.
        if (Read(extensions[0], inAnswer: true) is not { } answer) return $"the server's parameters are not right: {answered}";
        if (offers.FirstOrDefault(offer => Answers(answer, offer)) is not { } taken)
            return $"the server's parameters answer no offer: {answered}";

        agreed = new DeflateParameters
        {
            ServerNoContextTakeover = answer.ServerNoContextTakeover,
            ClientNoContextTakeover = answer.ClientNoContextTakeover || taken.ClientNoContextTakeover,
            ServerMaxWindowBits = answer.ServerMaxWindowBits ?? DeflateParameters.MaxWindowBits,
            ClientMaxWindowBits = answer.ClientMaxWindowBits ?? taken.ClientMaxWindowBits ?? DeflateParameters.MaxWindowBits,
        };
        return null;
    }

    private static bool Answers(DeflateOffer answer, DeflateOffer offer) =>
        // 7.1.1.1 and 7.1.2.1: what the client asks of the server is granted, or the offer is not accepted.
        (answer.ServerNoContextTakeover || !offer.ServerNoContextTakeover)
        && (offer.ServerMaxWindowBits is null || answer.ServerMaxWindowBits <= offer.ServerMaxWindowBits)
        // 7.1.2.2: the client's window is limited only where it said that it can be, and never widened.
        && (answer.ClientMaxWindowBits is null || answer.ClientMaxWindowBits <= offer.ClientMaxWindowBits);

    private static string Answer(DeflateParameters agreed, DeflateOffer offer) => Join(
        agreed.ServerNoContextTakeover ? ServerTakeover : null,
        agreed.ClientNoContextTakeover ? ClientTakeover : null,
        // 7.1.2.1: an offer with this parameter is accepted by an answer with it.
        offer.ServerMaxWindowBits is not null || agreed.ServerMaxWindowBits < DeflateParameters.MaxWindowBits
            ? Valued(ServerBits, agreed.ServerMaxWindowBits)
            : null,
        agreed.ClientMaxWindowBits < DeflateParameters.MaxWindowBits ? Valued(ClientBits, agreed.ClientMaxWindowBits) : null);

    /// <summary>Null: a parameter that is unknown, repeated, or has a value that it can't have (7.1).</summary>
    private static DeflateOffer? Read(Extension extension, bool inAnswer)
    {
        var read = new DeflateOffer();
        if (extension.Parameters.DistinctBy(parameter => parameter.Key).Count() < extension.Parameters.Count) return null;
        foreach (var (name, value) in extension.Parameters)
        {
            var bits = BitsOf(value);
            switch (name)
            {
                case ServerTakeover when value is null:
                    read = read with { ServerNoContextTakeover = true };
                    break;
                case ClientTakeover when value is null:
                    read = read with { ClientNoContextTakeover = true };
                    break;
                case ServerBits when bits is not null:
                    read = read with { ServerMaxWindowBits = bits };
                    break;
                // 7.1.2.2: in an answer it has a value.
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
    private static int? BitsOf(string? value) => value switch
    {
        "8" or "9" => value[0] - '0',
        ['1', >= '0' and <= '5'] => 10 + value[1] - '0',
        _ => null,
    };

    private static string? Valued(string name, int? value) => value is null ? null : string.Create(CultureInfo.InvariantCulture, $"{name}={value}");

    private static string Join(params ReadOnlySpan<string?> parameters)
    {
        var text = Name;
        foreach (var parameter in parameters)
        {
            if (parameter is not null) text += "; " + parameter;
        }
        return text;
    }
}
