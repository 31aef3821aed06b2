using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace RawSocketChat.Server.Hosting;

/// <summary>
/// The file of a Unix domain socket. The process's umask and the folder decide who can connect. .NET deletes the file when it closes the
/// listening socket. A killed server leaves its file, which would prevent the next start.
/// </summary>
internal static class UnixSocketFile
{
    /// <summary>Creates a socket that is bound to the file. Deletes a file that a killed server has left.</summary>
    /// <exception cref="AddressInUseException">A server listens at the file.</exception>
    /// <exception cref="SettingException">The file is not a socket, or it cannot be created.</exception>
    public static Socket Bind(UnixDomainSocketEndPoint endpoint)
    {
        var path = endpoint.ToString();
        try
        {
            if (File.Exists(path))
                RemoveAbandoned(endpoint, path);
            return SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);
        }
        catch (Exception fault) when (fault is SocketException or UnauthorizedAccessException or IOException)
        {
            throw new SettingException($"unix:{path}: cannot listen: {fault.Message}");
        }
    }

    /// <summary>Creates the endpoint of a path.</summary>
    /// <exception cref="SettingException">The path is too long for a socket.</exception>
    public static UnixDomainSocketEndPoint CreateEndPoint(string setting, string path)
    {
        try
        {
            return new UnixDomainSocketEndPoint(path);
        }
        catch (ArgumentException)
        {
            throw new SettingException($"--{setting}: the path \"{path}\" is too long for a socket");
        }
    }

    // Removes the socket of a server that was killed. Throws if the file is not a socket, or if a server listens on it.
    private static void RemoveAbandoned(UnixDomainSocketEndPoint endpoint, string path)
    {
        if (IsOrdinaryFile(path))
            throw new SettingException($"unix:{path}: this file is not a socket; set another path");
        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            probe.Connect(endpoint);
        }
        catch (SocketException fault) when (fault.SocketErrorCode == SocketError.ConnectionRefused)
        {
            File.Delete(path);
            return;
        }

        throw new AddressInUseException($"unix:{path} is in use.");
    }

    // No program can open a socket as a file. So if this method can open the file, it is an ordinary file.
    private static bool IsOrdinaryFile(string path)
    {
        try
        {
            File.OpenHandle(path).Dispose();
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
