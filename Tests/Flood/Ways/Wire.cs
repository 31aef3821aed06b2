using System.Net;
using System.Net.Sockets;

namespace RawSocketChat.Tests.Flood.Ways;

/// <summary>What a socket of the flood is made of.</summary>
/// <param name="Server">Where to.</param>
/// <param name="Source">From this address of this machine; null leaves it to the system.</param>
/// <param name="Pace">How a slow reader reads; null reads as fast as it comes.</param>
internal sealed record Wire(EndPoint Server, IPAddress? Source = null, ReadingPace? Pace = null)
{
    // A slow reader's system must not read for it.
    private const int SlowReceiveBytes = 8 * 1024;
    private const int IpBindAddressNoPort = 24; // linux/in.h

    /// <exception cref="FloodException">There is none to be had, or none from that address.</exception>
    public Socket NewSocket()
    {
        var socket = New();
        if (Pace is not null) socket.ReceiveBufferSize = SlowReceiveBytes;
        if (Source is null) return socket;
        try
        {
            // The port is chosen as it connects: it has to be free to this server alone, not on this machine.
            if (OperatingSystem.IsLinux()) socket.SetRawSocketOption(0, IpBindAddressNoPort, BitConverter.GetBytes(1));
            socket.Bind(new IPEndPoint(Source, 0));
            return socket;
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new FloodException($"can't connect from {Source}: {e.Message}", FloodResult.BadOptions);
        }
    }

    private Socket New()
    {
        try
        {
            return new Socket(Server.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        }
        catch (SocketException e)
        {
            throw new FloodException($"no more sockets for this process: {e.Message} (ulimit -n says how many there may be; plain requests need two each)");
        }
    }
}
