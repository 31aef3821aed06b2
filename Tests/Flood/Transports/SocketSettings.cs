using System.Net;
using System.Net.Sockets;

namespace RawSocketChat.Tests.Flood.Transports;

/// <summary>The settings of a socket to the server.</summary>
/// <param name="Server">The address of the server.</param>
/// <param name="Source">The local address; null: the system chooses.</param>
/// <param name="Pace">The pace of a slow reader; null: reads at full speed.</param>
internal sealed record SocketSettings(EndPoint Server, IPAddress? Source = null, ReadingPace? Pace = null)
{
    // The size of the receive buffer of a slow reader. It is small, so that the system buffers little unread data.
    private const int SlowReceiveBytes = 8 * 1024;
    private const int IpBindAddressNoPort = 24; // linux/in.h

    /// <exception cref="FloodException">The process has no more sockets, or the local address can't be used.</exception>
    public Socket CreateSocket()
    {
        var socket = CreateUnboundSocket();
        if (Pace is not null) socket.ReceiveBufferSize = SlowReceiveBytes;
        if (Source is null) return socket;
        try
        {
            // With this option, the system chooses the port when the socket connects. The port then only has to be unused for connections
            // to this server, not for all connections of the machine.
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

    /// <summary>Creates the error text for a process that may not open more sockets.</summary>
    public static string DescribeExhaustion(string reason) =>
        $"no more sockets for this process: {reason} (ulimit -n shows the limit; HTTP transports need two sockets for each connection)";

    private Socket CreateUnboundSocket()
    {
        try
        {
            return new Socket(Server.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        }
        catch (SocketException e)
        {
            throw new FloodException(DescribeExhaustion(e.Message));
        }
    }
}
