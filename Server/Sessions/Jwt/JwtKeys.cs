using System.Security.Cryptography;
using Microsoft.IdentityModel.Tokens;

namespace RawSocketChat.Server.Sessions.Jwt;

/// <summary>
/// The public keys of a JSON Web Key Set that can verify RS256 or ES256. Other keys of the set are ignored: keys for encryption, keys of
/// other algorithms, and symmetric keys, which are not secret in a public file. Immutable.
/// </summary>
internal sealed class JwtKeys
{
    // No site needs so many keys. A token without a key id is verified with each key of its algorithm.
    private const int MaxKeys = 32;

    // RFC 7518, section 3.3: a key of RS256 has at least 2048 bits.
    private const int MinRsaBytes = 256;

    private readonly List<(string Algorithm, SecurityKey Key)> _keys;

    private JwtKeys(List<(string Algorithm, SecurityKey Key)> keys) => _keys = keys;

    /// <summary>Reads a key set.</summary>
    /// <exception cref="FormatException">The text is not a key set, or the key set has no usable key. The message names the reason.</exception>
    public static JwtKeys Parse(string json)
    {
        JsonWebKeySet set;
        try
        {
            set = new JsonWebKeySet(json);
        }
#pragma warning disable CA1031 // the library does not document its exceptions, and each exception means that the text is not a key set
        catch (Exception fault)
#pragma warning restore CA1031
        {
            throw new FormatException("this is no JSON Web Key Set", fault);
        }

        var keys = set.Keys.Where(key => key.Use is null or "" or "sig").Select(CreateKey).OfType<(string, SecurityKey)>().Take(MaxKeys).ToList();
        return keys.Count > 0 ? new JwtKeys(keys) : throw new FormatException("the key set has no key for RS256 (RSA, 2048 bits or more) or ES256 (P-256)");
    }

    /// <summary>Whether the set has a key with an id.</summary>
    public bool Contains(string id) => _keys.Exists(entry => entry.Key.KeyId == id);

    /// <summary>The keys that may have signed a token.</summary>
    /// <param name="algorithm">The algorithm of the token.</param>
    /// <param name="id">The key id of the token; null if it has none.</param>
    public IReadOnlyList<SecurityKey> Find(string algorithm, string? id) =>
        [.. _keys.Where(entry => entry.Algorithm == algorithm && (id is null || entry.Key.KeyId == id)).Select(entry => entry.Key)];

    // Returns the algorithm and the key; null if the server does not support the key, or if the key is not valid.
    private static (string, SecurityKey)? CreateKey(JsonWebKey key)
    {
        try
        {
            return key.Kty switch
            {
                "RSA" when key.Alg is null or "" or SecurityAlgorithms.RsaSha256 => CreateRsaKey(key),
                "EC" when key.Crv == "P-256" && key.Alg is null or "" or SecurityAlgorithms.EcdsaSha256 => CreateEcKey(key),
                _ => null,
            };
        }
        catch (Exception fault) when (fault is ArgumentException or FormatException or CryptographicException)
        {
            return null;
        }
    }

    private static (string, SecurityKey)? CreateRsaKey(JsonWebKey key)
    {
        var (modulus, exponent) = (Base64UrlEncoder.DecodeBytes(key.N), Base64UrlEncoder.DecodeBytes(key.E));
        return modulus.AsSpan().TrimStart((byte)0).Length < MinRsaBytes
            ? null
            : (SecurityAlgorithms.RsaSha256, new RsaSecurityKey(new RSAParameters { Modulus = modulus, Exponent = exponent }) { KeyId = key.Kid });
    }

    private static (string, SecurityKey)? CreateEcKey(JsonWebKey key)
    {
        var point = new ECPoint { X = Base64UrlEncoder.DecodeBytes(key.X), Y = Base64UrlEncoder.DecodeBytes(key.Y) };
        // The platform checks that the point is on the curve.
        var ec = ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = point });
        return (SecurityAlgorithms.EcdsaSha256, new ECDsaSecurityKey(ec) { KeyId = key.Kid });
    }
}
