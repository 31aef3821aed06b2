using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace RawSocketChat.Tests.Support;

/// <summary>A TCP relay between a client and the server. A test can cut its connections after any byte, or make them silent.</summary>
public sealed class CuttableRelay : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentDictionary<Link, bool> _links = new();
    private readonly Lock _gate = new();
    private readonly Task _accepting;
    private volatile int _target;
    private long _allowance = long.MaxValue;
    private volatile bool _isSilent;
    private volatile bool _isDown;
    private int _cuts;
    private int _accepted;

    public CuttableRelay(int target)
    {
        _target = target;
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = AcceptAsync();
    }

    public int Port { get; }

    /// <summary>Forwards new connections to another server.</summary>
    public void ChangeTarget(int port) => _target = port;

    /// <summary>The number of connections that clients have opened.</summary>
    public int Accepted => Volatile.Read(ref _accepted);

    /// <summary>The number of connections that are open now.</summary>
    public int OpenCount => _links.Count;

    /// <summary>The number of cuts that ended at least one connection.</summary>
    public int Cuts => _cuts;

    /// <summary>While true, the relay resets each new connection immediately.</summary>
    public bool IsDown
    {
        get => _isDown;
        set => _isDown = value;
    }

    /// <summary>Resets both ends of every connection.</summary>
    public void Reset() => EndAll(link => link.Reset());

    /// <summary>Ends both directions of every connection, without a close frame.</summary>
    public void End() => EndAll(link => link.End());

    /// <summary>Forwards about this number of further bytes to the clients, then resets all connections, often in the middle of a frame.</summary>
    public void ResetAfter(int bytes)
    {
        lock (_gate)
            _allowance = bytes;
    }

    /// <summary>From now on, the relay accepts all bytes on all connections, and forwards no byte.</summary>
    public void GoSilent()
    {
        _isSilent = true;
        foreach (var link in _links.Keys)
            link.IsSilent = true;
    }

    /// <summary>On connections that are open now, forwards bytes to the server and drops bytes to the client.</summary>
    public void DropServerData()
    {
        foreach (var link in _links.Keys)
            link.DropsServerData = true;
    }

    /// <summary>Forwards the bytes of new connections again. Older connections stay silent, because the relay dropped some of their bytes.</summary>
    public void EndSilence() => _isSilent = false;

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        Reset();
        await _accepting.OrFail("the relay's end");
        _listener.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = RunAsync(await _listener.AcceptSocketAsync());
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException)
        {
            // The test has ended.
        }
    }

    private async Task RunAsync(Socket client)
    {
        var link = new Link(client, new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true }) { IsSilent = _isSilent };
        client.NoDelay = true;
        if (_isDown)
        {
            link.Reset();
            return;
        }

        _links.TryAdd(link, true);
        Interlocked.Increment(ref _accepted);
        try
        {
            await link.Server.ConnectAsync(IPAddress.Loopback, _target);
            await Task.WhenAll(PumpAsync(link, link.Server, client, isToClient: true), PumpAsync(link, client, link.Server, isToClient: false));
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException)
        {
            // One end of the connection is closed. The finally block closes the other end.
        }
        finally
        {
            link.Reset();
            _links.TryRemove(link, out _);
        }
    }

    private async Task PumpAsync(Link link, Socket from, Socket to, bool isToClient)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            while (await from.ReceiveAsync(buffer) is > 0 and var count)
            {
                if (link.IsSilent || (isToClient && link.DropsServerData))
                    continue;
                var passed = isToClient ? Allow(count) : count;
                await to.SendAsync(buffer.AsMemory(0, passed));
                if (passed == count)
                    continue;
                Reset();
                return;
            }

            if (!link.IsSilent)
                to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException)
        {
            link.Reset();
        }
    }

    private int Allow(int count)
    {
        lock (_gate)
        {
            if (_allowance > count)
            {
                _allowance -= _allowance == long.MaxValue ? 0 : count;
                return count;
            }

            var passed = (int)Math.Min(_allowance, count - 1);
            _allowance = long.MaxValue;
            return passed;
        }
    }

    private void EndAll(Action<Link> end)
    {
        var links = _links.Keys;
        if (links.Count > 0)
            Interlocked.Increment(ref _cuts);
        foreach (var link in links)
            end(link);
    }

    private sealed class Link(Socket client, Socket server)
    {
        private volatile bool _isSilent;
        private volatile bool _dropsServerData;

        public Socket Server => server;

        public bool IsSilent
        {
            get => _isSilent;
            set => _isSilent = value;
        }

        public bool DropsServerData
        {
            get => _dropsServerData;
            set => _dropsServerData = value;
        }

        public void Reset()
        {
            foreach (var socket in (Socket[])[client, server])
            {
                try
                {
                    socket.LingerState = new LingerOption(true, 0);
                }
                catch (Exception fault) when (fault is SocketException or ObjectDisposedException)
                {
                    // The socket is already closed.
                }

                socket.Dispose();
            }
        }

        public void End()
        {
            foreach (var socket in (Socket[])[client, server])
            {
                try
                {
                    socket.Shutdown(SocketShutdown.Both);
                }
                catch (Exception fault) when (fault is SocketException or ObjectDisposedException)
                {
                    // The socket is already closed.
                }
            }
        }
    }
}
