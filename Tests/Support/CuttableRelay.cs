using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace RawSocketChat.Tests.Support;

/// <summary>The line between a client and the server, in the test's hands: it can be cut, at any byte, or go dead without a word.</summary>
public sealed class CuttableRelay : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentDictionary<Link, bool> _links = new();
    private readonly Lock _gate = new();
    private readonly int _target;
    private readonly Task _accepting;
    private long _allowance = long.MaxValue;
    private volatile bool _isSilent;
    private volatile bool _isDown;
    private int _cuts;

    public CuttableRelay(int target)
    {
        _target = target;
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = AcceptAsync();
    }

    public int Port { get; }

    /// <summary>How often the line was really cut, with somebody on it.</summary>
    public int Cuts => _cuts;

    /// <summary>While true, whoever connects is reset at once.</summary>
    public bool IsDown
    {
        get => _isDown;
        set => _isDown = value;
    }

    /// <summary>Both ends get a TCP reset, now.</summary>
    public void Reset() => EndAll(link => link.Reset());

    /// <summary>Both ends get an end of stream, without a close frame before it.</summary>
    public void End() => EndAll(link => link.End());

    /// <summary>Lets through so many more bytes to the client, then resets: in the middle of a frame as often as not.</summary>
    public void ResetAfter(int bytes)
    {
        lock (_gate)
            _allowance = bytes;
    }

    /// <summary>From now on everything is accepted, by lines old and new, and nothing is passed on.</summary>
    public void GoSilent()
    {
        _isSilent = true;
        foreach (var link in _links.Keys)
            link.IsSilent = true;
    }

    /// <summary>Whoever is on the line is still heard by the server, and hears nothing more of it.</summary>
    public void LoseAnswers()
    {
        foreach (var link in _links.Keys)
            link.LosesAnswers = true;
    }

    /// <summary>New lines work again. The old ones stay dead: what they swallowed is gone.</summary>
    public void Speak() => _isSilent = false;

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
            // The test is over.
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
        try
        {
            await link.Server.ConnectAsync(IPAddress.Loopback, _target);
            await Task.WhenAll(PumpAsync(link, link.Server, client, isDown: true), PumpAsync(link, client, link.Server, isDown: false));
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException)
        {
            // One end is gone, so the other goes too.
        }
        finally
        {
            link.Reset();
            _links.TryRemove(link, out _);
        }
    }

    private async Task PumpAsync(Link link, Socket from, Socket to, bool isDown)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            while (await from.ReceiveAsync(buffer) is > 0 and var count)
            {
                if (link.IsSilent || (isDown && link.LosesAnswers))
                    continue;
                var passed = isDown ? Allow(count) : count;
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
        private volatile bool _losesAnswers;

        public Socket Server => server;

        public bool IsSilent
        {
            get => _isSilent;
            set => _isSilent = value;
        }

        public bool LosesAnswers
        {
            get => _losesAnswers;
            set => _losesAnswers = value;
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
                    // It was closed already.
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
                    // It was closed already.
                }
            }
        }
    }
}
