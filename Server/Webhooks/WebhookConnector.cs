using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Options;

namespace RawSocketChat.Server.Webhooks;

/// <summary>
/// Opens the connections to receivers. It resolves the name of the receiver, checks the addresses (<see cref="AddressRules"/>), and connects to
/// an address that it has checked. There is no second look-up, so a name server cannot give another address after the check (DNS rebinding).
/// </summary>
internal sealed class WebhookConnector(INameResolver resolver, IOptions<WebhookOptions> options, TimeProvider time)
{
    private const int MaxUrlLength = 2_000;

    // The maximum number of addresses of one name to which the connector tries to connect.
    private const int MaxAddresses = 4;

    // The client of the request waits for this look-up, and so do its next requests.
    private static readonly TimeSpan LookupTimeout = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Set on a request whose receiver has only public addresses. For every other receiver, an error says only that the receiver cannot be
    /// reached: otherwise a moderator could scan the operator's own network with webhooks.
    /// </summary>
    public static readonly HttpRequestOptionsKey<bool> IsPublic = new("RawSocketChat.IsPublic");

    private readonly AddressRules _rules = new(options.Value.ParseNetworks(), options.Value.AllowHttp);

    /// <summary>Returns the reason why the server cannot send webhooks to an address, as the end of a sentence; null if it can.</summary>
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
        return addresses.Any(found => _rules.IsAllowed(found, isPlaintext)) ? null
            : isPlaintext && addresses.Any(AddressRules.IsPublic) ? "must begin with https://"
            : $"must be the address of a public server; {DescribeNotAllowed(address.IdnHost)}";
    }

    /// <summary>Connects to the receiver of a request.</summary>
    /// <exception cref="AddressNotAllowedException">The name has no address that is allowed.</exception>
    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var request = context.InitialRequestMessage;
        var isPlaintext = request.RequestUri!.Scheme != Uri.UriSchemeHttps;
        var addresses = await ResolveAsync(context.DnsEndPoint.Host, cancellationToken);
        var allowed = addresses.Where(address => _rules.IsAllowed(address, isPlaintext)).Take(MaxAddresses).ToArray();
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
