using System.Security.Cryptography;
using System.Text;

namespace RawSocketChat.Server.Sessions;

/// <summary>
/// Creates and hashes the tokens of sessions and of programs. A token is a secret of 256 random bits in hex. The server stores and finds a
/// session or a program by the hash of its token, not by the token.
/// </summary>
public static class SessionToken
{
    private const int Bytes = 32;

    public static string Create() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(Bytes));

    /// <summary>SHA-256 of the token, in hex. A fast hash is enough, because nobody can guess a random token.</summary>
    public static string ComputeHash(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));
}
