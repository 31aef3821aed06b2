using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace RawSocketChat.Tests.Support;

/// <summary>
/// Signs JSON Web Tokens as the site of an operator does, and as an attacker does. This class does not use the library that the server uses.
/// </summary>
public sealed class TestTokens : IDisposable
{
    /// <summary>A value for <c>Auth:Jwt:Key</c>.</summary>
    public const string Key = "0123456789abcdef0123456789abcdef";

    public RSA Rsa { get; } = RSA.Create(2048);

    public ECDsa Ec { get; } = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    /// <summary>A JWK set with the two public keys, and with <see cref="Key"/> as a symmetric key.</summary>
    /// <param name="rsaId">The id of the RSA key.</param>
    public string CreateJwks(string rsaId = "rsa-1")
    {
        var (rsa, ec) = (Rsa.ExportParameters(false), Ec.ExportParameters(false));
        return JsonSerializer.Serialize(new
        {
            keys = new object[]
            {
                new { kty = "RSA", use = "sig", kid = rsaId, n = Base64Url.EncodeToString(rsa.Modulus), e = Base64Url.EncodeToString(rsa.Exponent) },
                new { kty = "EC", crv = "P-256", kid = "ec-1", x = Base64Url.EncodeToString(ec.Q.X), y = Base64Url.EncodeToString(ec.Q.Y) },
                new { kty = "oct", kid = "secret", k = Base64Url.EncodeToString(Encoding.UTF8.GetBytes(Key)) },
            },
        });
    }

    /// <summary>The claims of a token that is valid for five minutes.</summary>
    public static JsonObject Claims(DateTimeOffset now, string subject = "42", string? name = "Ann") => new()
    {
        ["sub"] = subject,
        ["name"] = name,
        ["exp"] = now.ToUnixTimeSeconds() + 300,
    };

    public static string SignHs256(JsonNode claims, string key = Key, string header = """{"alg":"HS256","typ":"JWT"}""") =>
        SignHs256(claims.ToJsonString(), Encoding.UTF8.GetBytes(key), header);

    public static string SignHs256(string claims, byte[] key, string header) => Sign(header, claims, bytes => HMACSHA256.HashData(key, bytes));

    public string SignRs256(JsonNode claims, string? id = "rsa-1") =>
        Sign(CreateHeader("RS256", id), claims.ToJsonString(), bytes => Rsa.SignData(bytes, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));

    public string SignEs256(JsonNode claims, string? id = "ec-1") =>
        Sign(CreateHeader("ES256", id), claims.ToJsonString(), bytes => Ec.SignData(bytes, HashAlgorithmName.SHA256));

    public static string Sign(string header, string claims, Func<byte[], byte[]> sign)
    {
        var signed = $"{Encode(header)}.{Encode(claims)}";
        return $"{signed}.{Base64Url.EncodeToString(sign(Encoding.ASCII.GetBytes(signed)))}";
    }

    public void Dispose()
    {
        Rsa.Dispose();
        Ec.Dispose();
    }

    private static string CreateHeader(string algorithm, string? id) => id is null ? $$"""{"alg":"{{algorithm}}"}""" : $$"""{"alg":"{{algorithm}}","kid":"{{id}}"}""";

    private static string Encode(string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));
}
