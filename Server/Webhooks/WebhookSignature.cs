using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace RawSocketChat.Server.Webhooks;

/// <summary>The symmetric signatures of Standard Webhooks, version 1.</summary>
internal static class WebhookSignature
{
    private const string SecretPrefix = "whsec_";

    // Standard Webhooks requires 24 to 64 bytes.
    private const int KeyBytes = 32;

    /// <summary>Creates a secret: <c>whsec_</c> and the key in base64.</summary>
    public static string CreateSecret() => SecretPrefix + Convert.ToBase64String(RandomNumberGenerator.GetBytes(KeyBytes));

    /// <summary>Creates the value of the header <c>webhook-signature</c>.</summary>
    /// <param name="secret">The secret, from <see cref="CreateSecret"/>.</param>
    /// <param name="id">The value of <c>webhook-id</c>.</param>
    /// <param name="timestamp">The value of <c>webhook-timestamp</c>: seconds since 1970.</param>
    public static string Create(string secret, string id, long timestamp, ReadOnlySpan<byte> body)
    {
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, Convert.FromBase64String(secret[SecretPrefix.Length..]));
        hmac.AppendData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{id}.{timestamp}.")));
        hmac.AppendData(body);
        return "v1," + Convert.ToBase64String(hmac.GetHashAndReset());
    }
}
