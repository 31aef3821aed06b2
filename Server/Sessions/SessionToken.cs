using System.Security.Cryptography;
using System.Text;

namespace RawSocketChat.Server.Sessions;

/// <summary>The secret that names a session: 256 random bits. It is looked up by its hash alone.</summary>
public static class SessionToken
{
    private const int Bytes = 32;

    public static string New() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(Bytes));

    /// <summary>What a token is looked up by. Since it is random in full, a plain hash is as good as a slow one.</summary>
    public static string HashOf(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));
}
