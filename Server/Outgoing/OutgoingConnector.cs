using System.Net;
using System.Net.Sockets;

namespace RawSocketChat.Server.Outgoing;

/// <summary>
/// Opens the connections to receivers whose addresses users have given. It resolves the name of the receiver, checks the addresses
/// (<see cref="AddressRules"/>), and connects to an address that it has checked. There is no second look-up, so a name server cannot give another
/// address after the check (DNS rebinding).
/// </summary>
/// <param name="resolver">Finds the addresses of a name.</param>
/// <param name="rules">The addresses that are allowed.</param>
/// <param name="time">The clock.</param>
internal class OutgoingConnector(INameResolver resolver, AddressRules rules, TimeProvider time)
{
    private const int MaxUrlLength = 2_000;
    private const int MaxAnswerBytes = 16 * 1024;
    private const int MaxHeaderKilobytes = 16;

    // The maximum number of addresses of one name to which the connector tries to connect.
    private const int MaxAddresses = 4;

    // The time is short, because a client that sets the address of a receiver waits for the look-up of this address. The client's next requests wait
    // too.
    private static readonly TimeSpan LookupTimeout = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Set on a request whose receiver has only public addresses. For any other receiver, errors must say only that the receiver cannot be reached.
    /// Otherwise a moderator could scan the operator's own network with webhooks.
    /// </summary>
    public static readonly HttpRequestOptionsKey<bool> IsPublic = new("RawSocketChat.IsPublic");

    /// <summary>Returns the reason why the server cannot send requests to an address, as the end of a sentence; null if it can.</summary>
    public async Task<string?> FindUrlErrorAsync(string url, CancellationToken cancellationToken)
    {
        if (url.Length > MaxUrlLength)
            return $"must have at most {MaxUrlLength} characters";
        if (!Uri.TryCreate(url, UriKind.Absolute, out var address) || (address.Scheme != Uri.UriSchemeHttps && address.Scheme != Uri.UriSchemeHttp) || address.Host.Length == 0)
            return "must be an https address, such as https://example.org/chat";
        if (address.UserInfo.Length > 0 || address.Fragment.Length > 0)
            return "must have no user name, no password and no fragment";
        var isPlaintext = address.Scheme == Uri.UriSchemeHttp;
        using var timeout = new CancellationTokenSource(LookupTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        var addresses = await ResolveAsync(address.IdnHost, either.Token);
        return addresses.Any(found => rules.IsAllowed(found, isPlaintext)) ? null
            : isPlaintext && addresses.Any(AddressRules.IsPublic) ? "must begin with https://"
            : $"must be the address of a public server; {DescribeNotAllowed(address.IdnHost)}";
    }

    /// <summary>Creates an HTTP handler that opens its connections with <see cref="ConnectAsync(SocketsHttpConnectionContext, CancellationToken)"/>.</summary>
    /// <param name="timeout">The maximum time until a connection is open.</param>
    public SocketsHttpHandler CreateHandler(TimeSpan timeout) => new()
    {
        // A redirect could lead to an address that nobody has set, and a cookie of one receiver has no meaning for another one.
        AllowAutoRedirect = false,
        UseCookies = false,
        // A proxy would resolve the name of the receiver itself, so the check of the addresses would have no effect.
        UseProxy = false,
        ConnectCallback = ConnectAsync,
        ConnectTimeout = timeout,
        AutomaticDecompression = DecompressionMethods.None,
        MaxResponseHeadersLength = MaxHeaderKilobytes,
        MaxResponseDrainSize = MaxAnswerBytes,
        PooledConnectionIdleTimeout = TimeSpan.FromMinutes(1),
        PooledConnectionLifetime = TimeSpan.FromMinutes(10),
        ActivityHeadersPropagator = null,
    };

    /// <summary>Reads the rest of a short answer, so that the connection can be used again. The server needs only the status.</summary>
    public static async Task DrainAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        try
        {
            await using var content = await response.Content.ReadAsStreamAsync(cancellationToken);
            var buffer = new byte[4096];
            for (var total = 0; total < MaxAnswerBytes;)
            {
                var read = await content.ReadAsync(buffer, cancellationToken);
                if (read == 0)
                    return;
                total += read;
            }
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException or OperationCanceledException)
        {
            // The status decides the result, so an error in the body changes nothing. The connection is not used again.
        }
    }

    /// <summary>Connects to the receiver of a request.</summary>
    /// <exception cref="AddressNotAllowedException">The name has no address that is allowed.</exception>
    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var request = context.InitialRequestMessage;
        var isPlaintext = request.RequestUri!.Scheme != Uri.UriSchemeHttps;
        var addresses = await ResolveAsync(context.DnsEndPoint.Host, cancellationToken);
        var allowed = addresses.Where(address => rules.IsAllowed(address, isPlaintext)).Take(MaxAddresses).ToArray();
        if (allowed.Length == 0)
            throw new AddressNotAllowedException(DescribeNotAllowed(context.DnsEndPoint.Host));
        request.Options.Set(IsPublic, allowed.All(AddressRules.IsPublic));
        return await ConnectAsync(allowed, context.DnsEndPoint.Port, cancellationToken);
    }

    private static async Task<Stream> ConnectAsync(IPAddress[] addresses, int port, CancellationToken cancellationToken)
    {
        for (var i = 0; ; i++)
        {
            var socket = new Socket(addresses[i].AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(new IPEndPoint(addresses[i], port), cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch (SocketException) when (i + 1 < addresses.Length)
            {
                socket.Dispose();
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }
    }

    // A name that does not exist has no address. So it gets the same error as a name of the operator's own network.
    private async Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken)
    {
        try
        {
            return await resolver.ResolveAsync(host, cancellationToken);
        }
        catch (Exception fault) when (fault is SocketException or OperationCanceledException or ArgumentException)
        {
            return [];
        }
    }

    private static string DescribeNotAllowed(string host) => $"\"{host}\" has no address that is allowed";
}

/// <summary>The name of a receiver has no address that is allowed.</summary>
internal sealed class AddressNotAllowedException(string message) : IOException(message);
