using System.Net;

namespace RawSocketChat.Server.Outgoing;

/// <summary>Finds the addresses of a host. Thread-safe.</summary>
public interface INameResolver
{
    /// <summary>Finds the addresses of a host. The host may be an address itself.</summary>
    /// <exception cref="System.Net.Sockets.SocketException">There is no such host, or no answer.</exception>
    Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken);
}

/// <summary>
/// A resolver that asks the operating system. A look-up blocks its thread until the name server answers, and every owner of a room can choose names.
/// So each look-up has its own thread, and only a few look-ups run at the same time. If look-ups used the threads of the pool, slow name servers
/// would stop the chat.
/// </summary>
/// <param name="lookUp">Finds the addresses of a host. Blocks the calling thread.</param>
internal sealed class SystemNameResolver(Func<string, IPAddress[]> lookUp) : INameResolver, IDisposable
{
    /// <summary>The maximum number of look-ups that run at the same time. Further look-ups wait.</summary>
    internal const int MaxRunning = 16;

    private readonly SemaphoreSlim _places = new(MaxRunning);

    public SystemNameResolver()
        : this(Dns.GetHostAddresses)
    {
    }

    public async Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken)
    {
        if (IPAddress.TryParse(host, out var address))
            return [address];
        await _places.WaitAsync(cancellationToken);
        var finding = Task.Factory.StartNew(() => LookUp(host), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        return await finding.WaitAsync(cancellationToken);
    }

    // If a look-up is still running now, its Release fails later. This has no effect, because nobody waits for the look-up any more.
    public void Dispose() => _places.Dispose();

    // Frees the place only when the look-up ends. The look-up continues even if its caller stops waiting.
    private IPAddress[] LookUp(string host)
    {
        try
        {
            return lookUp(host);
        }
        finally
        {
            _places.Release();
        }
    }
}
