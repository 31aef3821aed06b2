using System.Buffers.Text;
using System.Security.Cryptography;

namespace RawSocketChat.Server.Push;

/// <summary>Keys on the curve P-256, in base64url: those of this server (RFC 8292), and those of browsers (RFC 8291).</summary>
internal static class PushKeys
{
    private const int CoordinateBytes = 32;
    private const byte Uncompressed = 4; // the first byte of a point in the form of RFC 8291, section 3.1

    /// <summary>The length of the authentication secret of a browser, in bytes (RFC 8291, section 3.2).</summary>
    private const int SecretBytes = 16;

    /// <summary>Creates a pair of keys.</summary>
    public static (string Public, string Private) Create()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var parameters = key.ExportParameters(includePrivateParameters: true);
        return (Base64Url.EncodeToString([Uncompressed, .. parameters.Q.X!, .. parameters.Q.Y!]), Base64Url.EncodeToString(parameters.D!));
    }

    /// <summary>Whether the two keys are a pair.</summary>
    public static bool IsPair(string publicKey, string privateKey)
    {
        if (ParsePoint(publicKey) is not { } point || Decode(privateKey) is not { Length: CoordinateBytes } secret)
            return false;
        try
        {
            // The import computes the public key from the private one.
            using var key = ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, D = secret });
            var computed = key.ExportParameters(includePrivateParameters: false).Q;
            return computed.X.AsSpan().SequenceEqual(point.X) && computed.Y.AsSpan().SequenceEqual(point.Y);
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    /// <summary>Whether a text is the public key of a browser.</summary>
    public static bool IsPublicKey(string key)
    {
        if (ParsePoint(key) is not { } point)
            return false;
        try
        {
            // The import fails if the point is not on the curve.
            using var imported = ECDiffieHellman.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = point });
            return true;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    /// <summary>Whether a text is the authentication secret of a browser.</summary>
    public static bool IsSecret(string secret) => Decode(secret) is { Length: SecretBytes };

    private static ECPoint? ParsePoint(string key) => Decode(key) is [Uncompressed, .. { Length: 2 * CoordinateBytes } coordinates]
        ? new ECPoint { X = coordinates[..CoordinateBytes], Y = coordinates[CoordinateBytes..] }
        : null;

    private static byte[]? Decode(string text)
    {
        try
        {
            return Base64Url.DecodeFromChars(text);
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
